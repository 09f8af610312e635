"""The classification model of a profile's folder, on torch."""

import torch
from transformers import ViTForImageClassification

from inference.engine import loading, towers
from inference.engine.catalogue import Profile
from inference.engine.engines.networks import Linear, Networks
from inference.engine.engines.part import folder_of
from inference.engine.engines.torch_networks import TorchVision
from inference.engine.model_files import config
from inference.engine.model_options import EFFICIENTNET
from inference.engine.towers import EfficientNetTower, ViTTower


def load(profile: Profile, device: torch.device) -> Networks:
    """An EfficientNet-Lite's or a ViT's. Raises ModelsMissing."""
    folder = folder_of(profile, "classify")
    values = config(folder) or {}
    if values.get("model_type") == EFFICIENTNET:
        network = loading.efficientnet(folder).to(device)
        tower = EfficientNetTower(network, int(values["image_size"]))
        vision = TorchVision(tower, tuple(tower.weights.parameters()))
        layer, digest, places = network.classifier, towers.digest(tower.weights), tower.places
    else:
        model = loading.pretrained(ViTForImageClassification, folder).to(device)
        vision = TorchVision(ViTTower(model.vit), tuple(model.vit.parameters()))
        layer, digest, places = model.classifier, towers.digest(model.base_model), 0
    linear = Linear(*(values.float().cpu().numpy() for values in (layer.weight, layer.bias)))
    return Networks(vision, digest, towers.digest(layer), places, classifier=linear)
