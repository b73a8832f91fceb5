"""The conformance suite: whether a backend does what pluggrad asks of it, checked through pluggrad.

    pytest --pluggrad-device=NAME --pyargs pluggrad.testing.conformance
    python -m pluggrad conformance --device NAME

It is written once for all backends. Values are compared with a *reference*: NumPy in float64 and complex128,
through the functions' composed defaults, without any kernel of any backend.
"""
