"""One table for all of ``nn``: each module and function beside PyTorch's.

``case``: how a case is written down. ``cases/``: the tables, a file per family. ``compare``: what is done with a case.
``not_covered``: what PyTorch has and no case covers, with the reason. The tests: ``tests/nn/test_against_torch.py``.
"""
