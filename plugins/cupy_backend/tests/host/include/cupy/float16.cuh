// Of CuPy; here half precision is in cuda_on_host.h.
