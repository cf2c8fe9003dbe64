-- The store of a run, version 3. Open it read-only; `affectstream.stream.runs` does.
--
-- timestamp   media time of the source, seconds; rounded to a microsecond
-- t_wall_ns   wall clock when the frame was captured, UTC, nanoseconds since 1970; 0 if unknown
-- frame       0, 1, 2, ... per source, never restarts; epoch rises when a source starts anew
-- boxes       pixels of the original frame, origin top left
-- person      from 1; in readings 0 = nobody in this frame, in windows and events 0 = the group
-- NULL        not measured

PRAGMA user_version = 3;

CREATE TABLE IF NOT EXISTS run (
    key   TEXT PRIMARY KEY,  -- schema_version, run_id, keypoint_layout, window_s, config, models ...
    value TEXT NOT NULL      -- JSON
);

CREATE TABLE IF NOT EXISTS sources (
    source     TEXT PRIMARY KEY,
    origin     TEXT NOT NULL,     -- path or address, without credentials
    width_px   INTEGER NOT NULL,  -- 0 if unknown, as are the next three: declared, not counted
    height_px  INTEGER NOT NULL,
    rate_hz    REAL NOT NULL,
    frames     INTEGER NOT NULL,
    duration_s REAL NOT NULL
);

CREATE TABLE IF NOT EXISTS readings (  -- a row per person per frame
    source        TEXT NOT NULL,
    frame         INTEGER NOT NULL,
    timestamp     REAL NOT NULL,     -- s
    person        INTEGER NOT NULL,  -- 0: nobody in this frame, all else is NULL
    face_x1       REAL,              -- px
    face_y1       REAL,              -- px
    face_x2       REAL,              -- px
    face_y2       REAL,              -- px
    face_score    REAL,              -- 0..1
    neutral       REAL,              -- probability; these eight sum to 1
    happiness     REAL,
    surprise      REAL,
    sadness       REAL,
    anger         REAL,
    disgust       REAL,
    fear          REAL,
    contempt      REAL,
    emotion       TEXT,              -- the most probable of the eight
    valence       REAL,              -- -1..1
    arousal       REAL,              -- -1..1
    valence_01    REAL,              -- the same, 0..1
    arousal_01    REAL,              -- the same, 0..1
    quadrant      TEXT,              -- excited, calm, angry, sad, neutral
    affect_source TEXT,              -- how valence and arousal were made
    movement      REAL,              -- torso lengths per second
    posture       TEXT,
    body_score    REAL,              -- 0..1
    yaw_deg       REAL,              -- head pose
    pitch_deg     REAL,
    roll_deg      REAL,
    quality       REAL,              -- 0..1, how far the expression can be trusted
    quality_reason TEXT,             -- why it is below the gate and left out of the window
    valence_sd    REAL,              -- uncertainty of valence, as a standard deviation
    arousal_sd    REAL,
    emotion_steady    TEXT,          -- label with hysteresis, from the smoothed probabilities
    valence_steady    REAL,          -- smoothed over time
    arousal_steady    REAL,
    neutral_steady    REAL,          -- smoothed probabilities; these eight sum to 1
    happiness_steady  REAL,
    surprise_steady   REAL,
    sadness_steady    REAL,
    anger_steady      REAL,
    disgust_steady    REAL,
    fear_steady       REAL,
    contempt_steady   REAL,
    posture_confidence REAL,         -- 0..1
    gesture_energy     REAL,         -- torso lengths per second, of arms relative to the torso
    valence_rest       REAL,         -- of the resting face taken off the steady values (baseline)
    arousal_rest       REAL,
    mouth_open         REAL,         -- lips apart, in distances between the eyes, as the next seven
    mouth_width        REAL,         -- between the mouth corners
    mouth_lift         REAL,         -- mouth corners above (+) or below (-) the middle of the mouth
    lip_raise          REAL,         -- from the base of the nose to the upper lip, less when raised
    eye_open           REAL,         -- between the lids, mean of both eyes
    brow_inner         REAL,         -- inner ends of the brows above the inner corners of the eyes
    brow_outer         REAL,         -- outer ends of the brows above the outer corners
    brow_gap           REAL,         -- between the inner ends of the brows
    keypoints     TEXT,              -- JSON: [x px, y px, z px or null, visibility 0..1] per joint,
                                     -- in the order of run.keypoint_layout
    epoch         INTEGER NOT NULL,
    t_wall_ns     INTEGER NOT NULL,
    invalid       TEXT,              -- why nothing could be measured in this frame
    PRIMARY KEY (source, frame, person)
);

CREATE TABLE IF NOT EXISTS windows (  -- each person, and the group, over the last window_s seconds
    source              TEXT NOT NULL,
    timestamp           REAL NOT NULL,     -- s, the window's end
    person              INTEGER NOT NULL,  -- 0: the group
    n                   INTEGER NOT NULL,  -- readings with valence
    coverage            REAL,              -- 0..1, share of the frames looked at that have one
    valence_mean        REAL,
    valence_sd          REAL,
    valence_slope_per_s REAL,
    arousal_mean        REAL,
    arousal_sd          REAL,
    arousal_slope_per_s REAL,
    quadrant            TEXT,
    emotion             TEXT,
    movement            REAL,              -- torso lengths per second, mean
    people_mean         REAL,              -- this and the next four: the group's row only
    share_positive      REAL,              -- 0..1, of those with valence, above 0
    near_share          REAL,              -- 0..1, share of frames in which two people are near
    facing_share        REAL,              -- 0..1, share of frames in which two face each other
    synchrony           REAL,              -- -1..1, correlation of movement, the newest
    epoch               INTEGER NOT NULL,
    is_final            INTEGER NOT NULL,  -- 1: the window at the end of the source
    PRIMARY KEY (source, epoch, timestamp, is_final, person)
);

CREATE TABLE IF NOT EXISTS events (
    source    TEXT NOT NULL,
    frame     INTEGER NOT NULL,
    timestamp REAL NOT NULL,     -- s
    person    INTEGER NOT NULL,  -- 0: the group
    kind      TEXT NOT NULL,     -- arrival, departure, quadrant_change, spike, source_state
    before    TEXT NOT NULL,     -- a quadrant, or a number for a spike; '' if none
    after     TEXT NOT NULL,
    epoch     INTEGER NOT NULL,
    PRIMARY KEY (source, epoch, frame, timestamp, person, kind, before, after)
);

CREATE TABLE IF NOT EXISTS narrations (
    source    TEXT NOT NULL,
    frame     INTEGER NOT NULL,
    timestamp REAL NOT NULL,     -- s; the words are about the windows up to here
    text      TEXT NOT NULL,
    engine    TEXT NOT NULL,
    grounded  TEXT NOT NULL,     -- true: every statement was checked against facts; fallback: by
                                 -- the grounded narrator, as the engine did not pass; false
    latency_s REAL,
    gap       TEXT,              -- why there is no text
    kind      TEXT NOT NULL,     -- interval, or story: of the whole source
    line      TEXT,              -- the same in at most 90 characters
    tokens    INTEGER NOT NULL,  -- made by a language model
    faults    TEXT,              -- what the check found in texts that were not taken, a line each
    facts     TEXT NOT NULL,     -- JSON
    epoch     INTEGER NOT NULL,
    PRIMARY KEY (source, epoch, timestamp, kind)
);

CREATE TABLE IF NOT EXISTS ledger (  -- what became of every frame and message
    scope  TEXT NOT NULL,     -- a source or a sink
    name   TEXT NOT NULL,     -- which one
    reason TEXT NOT NULL,     -- captured, inferred, written, dropped ...
    count  INTEGER NOT NULL,
    PRIMARY KEY (scope, name, reason)
);

CREATE TABLE IF NOT EXISTS deletions (  -- since version 2: what was deleted from here, as proof
    t_wall_ns  INTEGER NOT NULL,  -- when it was deleted
    source     TEXT NOT NULL,     -- '' for all
    from_s     REAL NOT NULL,     -- s of media time
    to_s       REAL NOT NULL,     -- s
    table_name TEXT NOT NULL,
    row_count  INTEGER NOT NULL
);
