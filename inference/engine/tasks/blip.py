"""The networks of the tasks on BLIP's text models, on torch: with a tower of their own or the classifier's."""

import hashlib

import torch
from transformers import PreTrainedModel

from inference.engine import loading, towers
from inference.engine.catalogue import Profile
from inference.engine.engines.networks import Networks, VisionNetwork
from inference.engine.engines.part import folder_of
from inference.engine.engines.torch_networks import TorchText, TorchVision
from inference.engine.tasks import adapter
from inference.engine.text import blip, tokens


def load(kind: type[PreTrainedModel], profile: Profile, task: str, device: torch.device, shared: Networks | None) -> Networks:
    """`kind` is the transformers class of the folder's model. Raises ModelsMissing."""
    folder = folder_of(profile, task)
    model = loading.pretrained(kind, folder, without="vision_model." if shared else None)
    vision: VisionNetwork
    if shared:
        vision, digest = shared.vision, shared.digest
    else:
        tower = model.vision_model.to(device)
        vision, digest = TorchVision(towers.BlipTower(tower), tuple(tower.parameters())), towers.digest(tower)
    model.vision_model = None  # the networks hold the tower; a shared one is in memory once
    # Two nodes with equal weights and different vocabularies would answer differently: both count.
    texts = hashlib.sha256(towers.digest(model) + repr(tokens.read(folder).items()).encode())
    if layer := adapter.load(folder):
        texts.update(towers.digest(layer))
    encoder = blip.Encoder(model.text_encoder) if hasattr(model, "text_encoder") else None
    places = shared.places if shared and layer else 0
    text = TorchText(blip.Memory(model.text_decoder.bert), blip.Step(model.text_decoder), encoder, layer, device)
    return Networks(vision, digest, texts.digest(), places, text=text)
