"""What the API says of nodes to people and scripts."""

from typing import Literal

from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field

from devices.models import TIERS
from webapp.live.http import Moment, Page

Value = bool | int | float | str | None
NodeState = Literal["unseen", "online", "stale", "offline", "revoked"]


class Simulation(Schema):
    """What is not real about a node of `make run`."""

    uplink_bytes_per_s: int | None
    downlink_bytes_per_s: int | None
    slowdown: float = Field(examples=[1.0])


class Link(Schema):
    """The uplink of a device as placement sees it."""

    up_bytes_per_s: float | None = Field(examples=[250_000.0])
    rtt_ms: float | None = Field(examples=[20.0])
    age_s: float | None = Field(description="Since the last measurement.")
    source: str = Field(examples=["transfer"])
    within: float | None = Field(description="Relative uncertainty of the bandwidth.")


class Camera(Schema):
    name: str = Field(description="For `take_photo`.", examples=["front"])
    preview: bool = Field(False, description="Whether an administrator allows small pictures of it: `preview_camera`.")
    folder: bool = Field(False, description="Whether it is a folder, about all photos of which you may ask: `create_batch`.")


class AgentUpdate(Schema):
    """How a node's agent stands to the server's."""

    state: Literal["current", "newer", "available", "waiting", "updating", "failed", "manual", "unknown"] = Field(
        description="`waiting`: for its turn; `failed`: it went back to its own; `manual`: only its installer updates it."
    )
    why: str = Field(description="What it does, or why it stays with its own, in its own words; mostly empty.")
    version: str = Field(description="Of the server's agent.", examples=["0.2.0"])


class Node(Schema):
    slug: str = Field(examples=["jetson-a"])
    title: str = Field(examples=["Jetson at the door"])
    tier: str = Field(examples=["device"], json_schema_extra={"enum": list(TIERS)})
    state: NodeState
    approved: bool
    fingerprint: str = Field(description="Compare it with what the node shows before you approve it.")
    last_seen: Moment | None
    profile: str | None = Field(description="The models it has loaded; null while it loads them.", examples=["compact"])
    queue: int | None = Field(description="Jobs waiting or running.")
    simulated: Simulation | None
    # Which hardware facts, versions and sensors there are depends on the board, so these are open.
    hardware: dict[str, Value] = Field(examples=[{"model": "Jetson Orin Nano", "cpus": 6}])
    cameras: list[Camera] = Field(description="Those of a device that you may use; their sources stay with its owner.")
    thumbnails: bool = Field(
        description="Whether small pictures of photos that it alone has come to the server: `change_thumbnails`."
    )
    trouble: str = Field(
        description="Why it is not used although it may be online, in one sentence; mostly empty.",
        examples=["Its agent (version 0.1.0) is too old for this server: run the installer on it again."],
    )
    refused_models: str = Field(
        description="Why it keeps the models that it has although others were chosen, in its own words; mostly empty.",
        examples=["The vqa model is not on this machine."],
    )
    changing_models: str = Field(
        description="What it does to change its models, in its own words; mostly empty.",
        examples=["It fetches the paper models: 312 of 1510 MB are here."],
    )
    changed: str = Field(description="What changed about its hardware since an administrator last accepted it; mostly empty.")
    tags: list[str] = Field(description="By which people group nodes.", examples=[["kitchen"]])
    restarting: bool = Field(description="Its agent was asked to restart, and has not yet.")
    agent_update: AgentUpdate
    abilities: list[str] = Field(description="What its agent can be asked for from here.", examples=[["restart", "log"]])
    rotating: bool = Field(description="It has been asked to change its credentials.")
    lanes: dict[str, bool] = Field(description="Which of its workers listen.", examples=[{"stages": True, "train": False}])
    obstacles: list[str] = Field(
        description="What it cannot do and why, one sentence each.",
        examples=[["Training needs torch and Flower; install isthmus-agent[training]."]],
    )
    sensors: dict[str, Value] = Field(examples=[{"temperature_c": 41.5, "power_w": None}])
    agent: str | None = Field(description="Version of the agent.")
    versions: dict[str, Value]
    link: Link | None = Field(description="Of a device whose link has been measured.")


class NodePage(Page[Node]):
    pass


class Readings(BaseModel):
    """Columns of equal length, oldest first: besides `at` one for each sensor."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, list[float | None]]

    node: str
    hours: int
    span_s: int = Field(description="0: each heartbeat; else the mean of so many seconds, of which the last may be under way.")
    at: list[int] = Field(description="Milliseconds since 1970.")


class LinkSample(Schema):
    """One measured transfer over a device's uplink."""

    at: Moment
    bytes: int = Field(examples=[16_384])
    ms: float = Field(examples=[66.2])
    bytes_per_s: int = Field(examples=[247_492])
    source: str = Field(description="`transfer` or `probe`.", examples=["transfer"])


class LinkSamplePage(Page[LinkSample]):
    pass


class AuditEntry(Schema):
    at: Moment
    by: str = Field(examples=["owner"])
    action: str = Field(examples=["approved"])
    detail: str
    address: str | None = Field(description="Where the request came from.")


class AuditPage(Page[AuditEntry]):
    pass


class CameraPage(Page[Camera]):
    pass


class NewCode(Schema):
    name: str = Field("", max_length=40, description="Empty: the board's host name.", examples=["jetson-a"])
    tier: str = Field("device", json_schema_extra={"enum": list(TIERS)})
    replace: bool = Field(False, description="Whether a node of this name may be cut off when the code is used.")


class EnrolmentCode(Schema):
    code: str = Field(description="Single use; it is not shown again.", examples=["ABCDEFGH"])
    expires_s: int = Field(examples=[900])


class Title(Schema):
    title: str = Field(description="What people call the node; its slug stays.", examples=["Jetson at the door"])
