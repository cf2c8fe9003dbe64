"""BlazePose: finds people, follows them from region to region, 33 keypoints each.

Source: Bazarevsky et al. 2020, arXiv 2006.10204; MediaPipe's graph pose_landmark (Apache-2.0).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ..stream.messages import Body, Image
from . import blazepose_decode as numbers
from .crop import Region, inverse, letterbox, region_matrix, to_batch, transform, warp
from .ort import Net, Provider
from .ssd import decode, weighted_nms
from .zoo import Entry, open_net

Score = Annotated[float, Field(ge=0, le=1)]
NMS_IOU = 0.3
"""Source: min_suppression_threshold of pose_detection."""

BLEND_SCORE = 0.5
"""Detections from this score on are blended into a better one beside them. Source: min_score_thresh
of pose_detection."""


class Config(BaseModel):
    """Who counts as a person.

    A new person must be believed by both nets, and more so when leaning over: all people that the
    nets invented in our clips lay on their side, along lines of text.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_bodies: int = Field(4, ge=1, le=16, description="most people in a frame")
    min_detector_score: Score = Field(0.6, description="detector's belief in a new person")
    min_pose_score: Score = Field(0.8, description="landmark net's belief in a new person")
    min_tilted_detector_score: Score = Field(0.8, description="the same for one who leans or lies")
    min_tilted_pose_score: Score = Field(0.97, description="the same for one who leans or lies")
    max_tilt_deg: float = Field(60, ge=0, le=180, description="lean from which one is tilted")
    min_follow_score: Score = Field(0.7, description="landmark net's belief in one seen before")
    merge_iou: Score = Field(0.5, description="overlap that makes two people one")


class BlazePose:
    """A `PoseEstimator`.

    The landmark net looks where people were; the detector runs when it is asked to, when nobody is
    known yet, or when one of the known is lost. Nothing is remembered here.
    """

    layout = "blazepose33"

    def __init__(self, config: Config, detector: Net, landmark: Net, entry: Entry) -> None:
        """Use opened nets."""
        self._config = config
        self._detector, self._landmark = detector, landmark
        self.providers = landmark.providers
        self._detector_input = entry.files["detector"].input
        self._landmark_input = entry.files["landmark"].input

    def estimate(
        self, image_bgr: Image, earlier: Sequence[Body], search: bool = False
    ) -> list[Body]:
        """Return bodies, best first, at most `max_bodies`; those followed have their places."""
        known = [body.next_region for body in earlier if body.next_region is not None]
        bodies: list[Body] = []
        for region in known:
            self._add(image_bgr, region, self._config.min_follow_score, bodies)
        if search or not known or len(bodies) < len(known):
            for region in self.find(image_bgr):
                self._add(image_bgr, region, self._new_score(region), bodies)
        return sorted(bodies, key=lambda body: -body.score)

    def find(self, image_bgr: Image) -> list[Region]:
        """Return the regions in which the detector sees people, best first."""
        wanted, config = self._detector_input, self._config
        square, matrix = letterbox(image_bgr, wanted.side_px, wanted.pad)
        regressors, logits = self._detector.run({wanted.name: to_batch([square], wanted)})
        found = decode(regressors[0], logits[0], numbers.ANCHORS, wanted.side_px, BLEND_SCORE)
        best = weighted_nms(found, NMS_IOU)
        regions = []
        for points, score in zip(transform(best.points, inverse(matrix)), best.scores, strict=True):
            region = numbers.region_from(points[0], points[1])
            least = config.min_detector_score
            if self._is_tilted(region):
                least = config.min_tilted_detector_score
            if score >= least:
                regions.append(region)
        return regions

    def _is_tilted(self, region: Region) -> bool:
        return math.cos(region[3]) < math.cos(math.radians(self._config.max_tilt_deg))

    def _new_score(self, region: Region) -> float:
        tilted = self._is_tilted(region)
        return self._config.min_tilted_pose_score if tilted else self._config.min_pose_score

    def _add(self, image_bgr: Image, region: Region, min_score: float, bodies: list[Body]) -> None:
        """Look into a region where none of `bodies` is, and append who is found there."""
        height, width = image_bgr.shape[:2]
        if len(bodies) >= self._config.max_bodies or self._is_taken(region, bodies):
            return
        if numbers.is_usable(region, width, height):
            body = self._look(image_bgr, region)
            if body.score >= min_score and not self._is_taken(body.next_region, bodies):
                bodies.append(body)

    def _look(self, image_bgr: Image, region: Region) -> Body:
        """Return the body in a region, whatever its score."""
        wanted = self._landmark_input
        matrix = region_matrix(region, wanted.side_px)
        crop = warp(image_bgr, matrix, wanted.side_px, wanted.pad)
        feeds = {wanted.name: to_batch([crop], wanted)}
        landmarks, presence, heatmap = self._landmark.run(feeds)
        score = float(presence.item())
        size_px = image_bgr.shape[1], image_bgr.shape[0]
        return numbers.body_from(landmarks[0], heatmap[0], score, matrix, size_px)

    def _is_taken(self, region: Region | None, bodies: Sequence[Body]) -> bool:
        """Tell whether one of the bodies stands in a region."""
        places = [body.next_region for body in bodies]
        return region is not None and any(
            place is not None and numbers.region_iou(region, place) > self._config.merge_iou
            for place in places
        )


def build(config: Config, entry: Entry, provider: Provider = "auto") -> BlazePose:
    """Open both nets and run them once. Raises what `Net` raises."""
    detector, landmark = (open_net(entry, part, provider) for part in ("detector", "landmark"))
    detector.warm_up()
    landmark.warm_up()
    return BlazePose(config, detector, landmark, entry)
