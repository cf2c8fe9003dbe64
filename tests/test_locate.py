"""From what a user writes to the files it means, and the names they get."""

import os
from pathlib import Path

import pytest
from made_videos import make

from affectstream.stream.errors import ConfigError, SourceError
from affectstream.stream.locate import expand, open_sources, unique_ids


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "b.mp4",
        "a.MKV",
        "c.jpg",
        "notes.txt",
        "._b.mp4",
        "clip [1].mp4",
        "sub/d.avi",
        "sub/deep/e.mov",
        "empty/notes.txt",
        "folder.mp4/f.webm",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


MEANT = [
    ("b.mp4", ["b.mp4"]),
    ("c.jpg", ["c.jpg"]),
    ("missing.mp4", ["missing.mp4"]),
    (".", ["a.MKV", "b.mp4", "clip [1].mp4"]),
    ("sub", ["sub/d.avi"]),
    ("sub/", ["sub/d.avi"]),
    ("~/sub", ["sub/d.avi"]),
    ("~/b.mp4", ["b.mp4"]),
    ("~nobody-at-all/b.mp4", ["~nobody-at-all/b.mp4"]),
    ("folder.mp4", ["folder.mp4/f.webm"]),
    ("clip [1].mp4", ["clip [1].mp4"]),
    ("*.mp4", ["b.mp4", "clip [1].mp4"]),
    ("[ab].*", ["a.MKV", "b.mp4"]),
    ("~/?.mp4", ["b.mp4"]),
    ("sub/**/*.???", ["sub/d.avi", "sub/deep/e.mov"]),
]


@pytest.mark.parametrize("text, wanted", MEANT, ids=[row[0] for row in MEANT])
def test_what_a_text_means(folder: Path, text: str, wanted: list[str]) -> None:
    assert [Path(os.path.relpath(path, folder)) for path in expand(text)] == list(map(Path, wanted))


REFUSED = [
    ("", "without a name"),
    ("empty", "holds no video (.3gp .avi"),
    ("*.ogv", "no file matches"),
    ("*/deep", "no file matches"),
    ("http://name:secret@camera/1", "http:// sources are not supported"),
    ("file:///etc/passwd", "file:// sources are not supported"),
    ("x" * 5000, "cannot be read"),
]


@pytest.mark.parametrize("text, words", REFUSED, ids=[row[0][:20] for row in REFUSED])
def test_what_means_nothing_is_refused(folder: Path, text: str, words: str) -> None:
    with pytest.raises(SourceError) as caught:
        expand(text)
    assert words in str(caught.value) and "secret" not in str(caught.value)


IDS = [
    (["clip.mp4"], ["clip"]),
    (["/a/Clip One.MP4", "clip_two.mkv"], ["clip-one", "clip_two"]),
    (["a/clip.mp4", "b/clip.mp4", "c/clip.mov"], ["clip", "clip-2", "clip-3"]),
    (["clip.mp4", "clip.mkv", "clip-2.mp4"], ["clip", "clip-2", "clip-2-2"]),
    (["видео.mp4", "...mp4", "视频.mp4"], ["source", "source-2", "source-3"]),
    (["x" * 40 + ".mp4", "x" * 50 + ".mp4"], ["x" * 32, "x" * 30 + "-2"]),
    (["archive.tar.mp4", "-_clip_-.mp4"], ["archive-tar", "clip"]),
]


@pytest.mark.parametrize("paths, wanted", IDS)
def test_ids(paths: list[str], wanted: list[str]) -> None:
    assert unique_ids([Path(path).stem for path in paths]) == wanted


def test_sources_are_opened_in_the_order_given(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.mp4", "sub/a.mkv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        make(tmp_path / name, 2)
    found = open_sources([str(tmp_path / "sub"), str(tmp_path / "*.mp4")], loop=False)
    assert [(s.info.source_id, s.info.origin) for s in found] == [
        ("a", "a.mkv"),
        ("a-2", "a.mp4"),
        ("b", "b.mp4"),
    ]


def test_no_source_is_a_matter_of_usage() -> None:
    with pytest.raises(ConfigError, match="name a video, a folder or a glob"):
        open_sources([], loop=False)


def test_one_bad_file_is_named(tmp_path: Path) -> None:
    make(tmp_path / "good.mp4", 2)
    (tmp_path / "bad.mp4").touch()
    with pytest.raises(SourceError, match="bad.mp4: the file is empty"):
        open_sources([str(tmp_path)], loop=False)
