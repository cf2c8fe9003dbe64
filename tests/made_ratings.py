"""Rating files in the exact form of each format, made of two short curves."""

import json
from collections.abc import Sequence
from pathlib import Path

VALENCE = (0.0, 0.25, 0.5, -0.5)
AROUSAL = (0.1, -0.2, 0.3, -0.4)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def veatic(
    root: Path, item: str = "0", valence: Sequence[float] = VALENCE, arousal=AROUSAL
) -> tuple[Path, ...]:
    folder = root / "rating_averaged"
    return tuple(
        write(folder / f"{item}_{name}.csv", "".join(f"{k},{value}\n" for k, value in enumerate(v)))
        for name, v in (("valence", valence), ("arousal", arousal))
    )


def afew_va(root: Path, item: str = "001") -> tuple[Path, ...]:
    points = [[1.5, 2.5]] * 68
    frames = {
        f"{k:05d}": {"landmarks": points, "arousal": int(10 * a), "valence": int(10 * v)}
        for k, (v, a) in enumerate(zip(VALENCE, AROUSAL, strict=True))
    }
    content = json.dumps({"video_id": item, "frames": frames})
    return (write(root / item / f"{item}.json", content),)


def case(root: Path, item: str = "sub_1") -> tuple[Path, ...]:
    rows = [
        f"{1000 + 50 * k},{5 + k * 0.5},{6 - k * 0.5},{video}"
        for video in (3, 7)
        for k in (0, 1, 2)
    ]
    rows = [f"{1000 + 50 * k}," + row.split(",", 1)[1] for k, row in enumerate(rows)]
    text = "jstime,valence,arousal,video\n" + "\n".join(rows) + "\n"
    return (write(root / "annotations" / f"{item}.csv", text),)


def liris(root: Path, item: str = "Movie") -> tuple[Path, ...]:
    folder = root / "continuous-annotations"
    return tuple(
        write(
            folder / f"{item}_{name}.txt",
            "Time\tMean\tStd\n" + "".join(f"{k}\t{value}\t0.1\n" for k, value in enumerate(v)),
        )
        for name, v in (("Valence", VALENCE), ("Arousal", AROUSAL))
    )


def liris_clips(root: Path) -> tuple[Path, ...]:
    names = "id name valenceRank arousalRank valenceValue arousalValue valenceVariance "
    head = "\t".join((names + "arousalVariance").split())
    rows = [
        "0\tACCEDE00000.mp4\t10\t20\t2.5\t3.5\t0.1\t0.2",
        "1\tACCEDE00001.mp4\t1\t2\t1\t5\t0\t0",
    ]
    return (write(root / "annotations" / "ACCEDEranking.txt", "\n".join([head, *rows]) + "\n"),)


def mediaeval(root: Path) -> tuple[Path, ...]:
    text = "id\tname\tvalenceClass\tarousalClass\n0\tMEDIAEVAL_00000.mp4\t-1\t1\n"
    return (write(root / "annotations" / "MEDIAEVALaffect.txt", text),)


def recola(root: Path, item: str = "train_1") -> tuple[Path, ...]:
    folder = root / "ratings_individual"
    head = "time;FM1;FM2;FM3;FF1;FF2;FF3\n"
    return tuple(
        write(
            folder / name / f"{item}.csv",
            head
            + "".join(f"{0.04 * k:.2f};{x};{x};{x};{x};{x + 0.3:.2f};\n" for k, x in enumerate(v)),
        )
        for name, v in (("valence", VALENCE), ("arousal", AROUSAL))
    )


def omg(root: Path) -> tuple[Path, ...]:
    head = "link,start,end,video,utterance,arousal,valence,EmotionMaxVote\n"
    rows = (
        "https://youtu.be/x,0.5,2.0,abc,utterance_1.mp4,0.25,-0.5,5\n"
        "https://youtu.be/x,2.0,3.5,abc,utterance_2.mp4,0.75,0.5,3\n"
    )
    return (write(root / "omg_TrainVideos.csv", head + rows),)


def deap(root: Path) -> tuple[Path, ...]:
    names = "Participant_id,Trial,Experiment_id,Start_time,Valence,Arousal,Dominance,Liking"
    text = f"{names},Familiarity\n1,1,5,1695918,7.71,7.6,6.9,7.83,5\n1,2,18,2714905,8.1,7.31,7,8,\n"
    return (write(root / "metadata_csv" / "participant_ratings.csv", text),)
