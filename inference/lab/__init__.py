"""How the bundled compact models are made: photos → teacher labels → training → weights and card.

    python /path/to/unpack.py var/data                    the photo folders (ISTHMUS_DATA, default var/data)
    pip install ai-edge-litert==2.3.0                     for teacher_labels alone (includes flatbuffers)
    python -m inference.lab.data.teacher_labels           soft labels and features of random crops from a small teacher
    python -m inference.lab.tower.train                   the tower and its three tasks; a stopped run resumes
    python -m inference.lab.tower.text_heads              fine-tuning of the text decoders on the frozen tower
    python -m inference.lab.tower.export                  weights/compact from a checkpoint, calibrated, measured, with its card
    python -m inference.lab.codes.train_codec             the feature code for those weights
    python -m inference.lab.codes.train_reconstruction    the decoder that shows how much of a photo its code reveals

`train` allocates the same large blocks in every step. With glibc, MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 in its
environment keep them from being returned to the system and requested again. Image metrics need scikit-image
(requirements-dev.txt). See each program's `--help`.
"""
