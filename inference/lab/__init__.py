"""How the bundled compact models are made: photos → teacher labels → training → weights and card.

    python /path/to/unpack.py var/data            the photo folders (ISTHMUS_DATA, default var/data)
    pip install ai-edge-litert==2.3.0             for `label` alone (brings flatbuffers); nothing else needs it
    python -m inference.lab.data.teacher_labels     soft labels and features of random crops by a small teacher
    python -m inference.lab.tower.train     the tower and its three tasks; stopped and started again, it goes on
    python -m inference.lab.tower.export    weights/compact from a checkpoint, calibrated, measured, with its card
    python -m inference.lab.codes.train_codec     the feature code for those weights
    python -m inference.lab.codes.train_reconstruction   the decoder that shows what can be seen again of a photo from its code

`train` allocates the same large blocks in every step; with glibc, MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000
in its environment keeps them from being handed back and fetched anew. Each program's `--help` tells the rest.
"""
