// On the host: cuda_on_host.h has it.
