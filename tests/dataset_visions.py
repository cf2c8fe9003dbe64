"""Visions that a worker's process loads by name: one that sees, one that does worse."""

import os
import signal

from affectstream.models.scripted import ScriptedVision

SEES = "affectstream.models.scripted:ScriptedVision"
FAILS = "dataset_visions:Failing"


class Failing(ScriptedVision):
    """Kills its process over `killed`, and has a fault of ours over `faulty`."""

    def see(self, frame, earlier):
        if frame.source_id == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if frame.source_id == "faulty":
            raise RuntimeError("scripted fault")
        return super().see(frame, earlier)
