"""Jobs that are parts of an answer: whole model, head, tail, the photo itself; and heads before anybody asks."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from devices.agent.jobs import Refused
from devices.agent.sharing.batches import Kind
from devices.contract import wire
from devices.contract.jobs import ComputeHeads, RunHead, RunTail, RunWhole, SendPhoto
from devices.contract.results import Answered, Heads, HeadSent, Transferred
from inference.engine import runner
from inference.engine.answer import Answer
from inference.engine.codecs import photo_codec
from inference.engine.model_options import PhotoLevel
from inference.engine.photos.cropping import cut
from inference.stages.context import StageContext, answer_result
from inference.stages.job_run import JobRun, kind_of


class AnswerJobs:
    def __init__(self, context: StageContext) -> None:
        self.context, self.vision, self.photos = context, context.vision, context.photos
        self._kinds: dict[tuple[bytes, int | None], Kind[Any, Answer]] = {}
        self.handlers = {
            ComputeHeads: self.heads,
            RunWhole: self.whole,
            RunHead: self.head,
            RunTail: self.tail,
            SendPhoto: self.send_photo,
        }

    def heads(self, run: JobRun, job: ComputeHeads) -> Heads:
        for task, split_at in job.points.items():
            self.context.head(run, task, job.photo, split_at)
        cached = {task: k for task, k in job.points.items() if self._is_cached(job.photo, task, k)}
        return Heads(points=cached, **run.times())

    def whole(self, run: JobRun, job: RunWhole) -> Answered:
        if why := self.vision.unavailable.get(job.task):
            raise Refused("no_task", why)
        data = self.context.blob(job.blob) if job.blob else self.photos.read(job.photo)
        load_ms = self._load(run, job.task)
        if job.task in self.vision.standalone or job.crop is not None:
            answer = run.compute(lambda: self.vision.run_whole(job.task, cut(photo_codec.decode(data), job.crop), job.question))
        else:
            # Decoding is part of the work: a photo encoded small opens sooner than one as it was uploaded.
            kind = self._kind(job.task, None, self.vision.run_wholes)
            answer = run.compute_with_others(kind, (runner.query(job.task, job.question), data))
        return Answered(answer=answer_result(answer), load_ms=load_ms, batch=run.batch, **run.times())

    def _kind(self, task: str, split_at: int | None, work: Callable[[Sequence[Any]], list[Answer]]) -> Kind[Any, Answer]:
        """Jobs that can be computed together: whole models or tails on the same tower, of whichever tasks."""
        key = self.vision.tower(task), split_at
        if key not in self._kinds:
            self._kinds.setdefault(key, kind_of(self.context.runtime, partial(self.vision.in_lanes, work)))
        return self._kinds[key]

    def _load(self, run: JobRun, task: str) -> float:
        """Milliseconds of loading a standalone model that nobody asked for before; no part of what the task usually takes."""
        if self.vision.is_loaded(task):
            return 0.0
        started = time.perf_counter()
        run.handle(lambda: self.vision.load(task))
        return max(0.0, (time.perf_counter() - started) * 1000 - run.queue_ms)

    def head(self, run: JobRun, job: RunHead) -> HeadSent:
        features, ready = self.context.head(run, job.task, job.photo, job.split_at, job.fresh, job.crop)
        packet = run.compute(lambda: self.vision.pack(job.task, features, job.split_at, job.level, job.after))
        return HeadSent(**run.send(job.blob, packet), ready=ready, **run.times())

    def tail(self, run: JobRun, job: RunTail) -> Answered:
        """From features sent as a blob, cached, or cached up to a lower level and refined by the blob.

        Refuses with `features_missing` where cached features are needed and gone.
        """
        if job.blob:
            packet = self.context.blob(job.blob)
            after = wire.unpack(packet).after
            base = self.context.received(job.task, job.photo, job.split_at, after, job.crop).payload if after else b""
            received = self.vision.receive(job.task, packet, base)
        else:
            received = self.context.received(job.task, job.photo, job.split_at, job.level, job.crop)
        kind = self._kind(job.task, received.split_at, self.vision.run_tails)
        answer = run.compute_with_others(kind, (runner.query(job.task, job.question), received))
        key = job.photo, self.vision.tower(job.task), received.split_at, received.level, job.crop
        self.context.sent.put(key, received, len(received.payload), job.keep_s)
        return Answered(answer=answer_result(answer), batch=run.batch, **run.times())

    def send_photo(self, run: JobRun, job: SendPhoto) -> Transferred:
        original = data = self.photos.read(job.photo)
        codec, quality, crop = job.codec, job.quality, job.crop
        if codec is not None and quality is not None:
            level, size = PhotoLevel(codec, quality, None, side=job.side), self.vision.profile.image_size(job.task)
            data = run.compute(lambda: photo_codec.encode_level(cut(photo_codec.decode(original), crop), level, size))
        elif crop is not None:
            data = run.compute(lambda: photo_codec.encode_part(cut(photo_codec.decode(original), crop), len(original)))
        return Transferred(**run.send(job.blob, data), **run.times())

    def _is_cached(self, photo: str, task: str, split_at: int) -> bool:
        return self.context.heads.get((photo, self.vision.tower(task), split_at, None)) is not None
