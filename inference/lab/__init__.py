"""How the bundled compact models are made: photos → features of the pretrained tower → text halves → weights and card.

    python /path/to/unpack.py var/data                    the photo folders (ISTHMUS_DATA, default var/data)
    python -m inference.lab.halves.features               the frozen tower's maps of every photo with texts, computed once
    python -m inference.lab.halves.captioner              the caption half; like the next two, a stopped run resumes
    python -m inference.lab.halves.self_critical          … tuned on CIDEr-D itself
    python -m inference.lab.halves.answerer               the question half
    python -m inference.lab.halves.export                 weights/compact with its card: calibrated and measured
    python -m inference.lab.codes.train_codec             the feature code for the tower
    python -m inference.lab.codes.train_reconstruction    the decoder that shows how much of a photo its code reveals

Image metrics need scikit-image (requirements-dev.txt). See each program's `--help`.
"""
