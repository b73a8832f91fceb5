# Where each public name is defined. Written by tools/write_stub.py; do not edit.

import builtins

from . import autograd as autograd
from . import backends as backends
from . import dtypes as dtypes
from . import errors as errors
from . import fft as fft
from . import function as function
from . import info as info
from . import linalg as linalg
from . import methods as methods
from . import nn as nn
from . import ops as ops
from . import optim as optim
from . import random as random
from . import typed as typed
from . import utils as utils
from .autograd.mode import enable_grad as enable_grad
from .autograd.mode import inference_mode as inference_mode
from .autograd.mode import is_grad_enabled as is_grad_enabled
from .autograd.mode import is_inference_mode_enabled as is_inference_mode_enabled
from .autograd.mode import no_grad as no_grad
from .autograd.mode import set_grad_enabled as set_grad_enabled
from .device import Device as _device
from .device import get_default_device as get_default_device
from .device import set_default_device as set_default_device
from .dtypes import DType as _dtype
from .dtypes import bfloat16 as bfloat16
from .dtypes import bool_ as _bool
from .dtypes import complex128 as _cdouble
from .dtypes import complex128 as complex128
from .dtypes import complex64 as _cfloat
from .dtypes import complex64 as complex64
from .dtypes import finfo as finfo
from .dtypes import float16 as _half
from .dtypes import float16 as float16
from .dtypes import float32 as _float
from .dtypes import float32 as float32
from .dtypes import float64 as _double
from .dtypes import float64 as float64
from .dtypes import get_default_dtype as get_default_dtype
from .dtypes import iinfo as iinfo
from .dtypes import int16 as _short
from .dtypes import int16 as int16
from .dtypes import int32 as _int
from .dtypes import int32 as int32
from .dtypes import int64 as _long
from .dtypes import int64 as int64
from .dtypes import int8 as int8
from .dtypes import set_default_dtype as set_default_dtype
from .dtypes import uint16 as uint16
from .dtypes import uint32 as uint32
from .dtypes import uint64 as uint64
from .dtypes import uint8 as uint8
from .info import __array_namespace_info__ as __array_namespace_info__
from .methods.basics import numel as numel
from .methods.conversion import is_complex as is_complex
from .methods.conversion import is_floating_point as is_floating_point
from .methods.conversion import is_tensor as is_tensor
from .nn.functional import sigmoid as sigmoid
from .nn.functional import tanh as tanh
from .ops import return_types as return_types
from .ops.activations import logit as logit
from .ops.activations import relu as relu
from .ops.arithmetic import abs as _absolute
from .ops.arithmetic import abs as abs
from .ops.arithmetic import add as add
from .ops.arithmetic import addcdiv as addcdiv
from .ops.arithmetic import addcmul as addcmul
from .ops.arithmetic import div as div
from .ops.arithmetic import divide as divide
from .ops.arithmetic import float_power as float_power
from .ops.arithmetic import floor_divide as floor_divide
from .ops.arithmetic import fmod as fmod
from .ops.arithmetic import lerp as lerp
from .ops.arithmetic import maximum as maximum
from .ops.arithmetic import minimum as minimum
from .ops.arithmetic import multiply as _mul
from .ops.arithmetic import multiply as multiply
from .ops.arithmetic import negative as _neg
from .ops.arithmetic import negative as negative
from .ops.arithmetic import positive as positive
from .ops.arithmetic import pow as pow
from .ops.arithmetic import reciprocal as reciprocal
from .ops.arithmetic import remainder as remainder
from .ops.arithmetic import sgn as sgn
from .ops.arithmetic import sign as sign
from .ops.arithmetic import square as square
from .ops.arithmetic import subtract as _sub
from .ops.arithmetic import subtract as subtract
from .ops.arithmetic import true_divide as true_divide
from .ops.bitwise import bitwise_and as bitwise_and
from .ops.bitwise import bitwise_invert as _bitwise_not
from .ops.bitwise import bitwise_invert as bitwise_invert
from .ops.bitwise import bitwise_left_shift as bitwise_left_shift
from .ops.bitwise import bitwise_or as bitwise_or
from .ops.bitwise import bitwise_right_shift as bitwise_right_shift
from .ops.bitwise import bitwise_xor as bitwise_xor
from .ops.bounds import clamp as clamp
from .ops.bounds import clamp_max as clamp_max
from .ops.bounds import clamp_min as clamp_min
from .ops.bounds import clip as clip
from .ops.bounds import fmax as fmax
from .ops.bounds import fmin as fmin
from .ops.comparison import allclose as allclose
from .ops.comparison import equal as _eq
from .ops.comparison import equal as equal
from .ops.comparison import greater as _gt
from .ops.comparison import greater as greater
from .ops.comparison import greater_equal as _ge
from .ops.comparison import greater_equal as greater_equal
from .ops.comparison import isclose as isclose
from .ops.comparison import less as _lt
from .ops.comparison import less as less
from .ops.comparison import less_equal as _le
from .ops.comparison import less_equal as less_equal
from .ops.comparison import not_equal as _ne
from .ops.comparison import not_equal as not_equal
from .ops.complex_functions import angle as angle
from .ops.complex_functions import complex as complex
from .ops.complex_functions import conj as conj
from .ops.complex_functions import imag as imag
from .ops.complex_functions import polar as polar
from .ops.complex_functions import real as real
from .ops.creation import arange as arange
from .ops.creation import as_tensor as as_tensor
from .ops.creation import asarray as asarray
from .ops.creation import empty as empty
from .ops.creation import empty_like as empty_like
from .ops.creation import eye as eye
from .ops.creation import from_dlpack as from_dlpack
from .ops.creation import from_numpy as from_numpy
from .ops.creation import full as full
from .ops.creation import full_like as full_like
from .ops.creation import linspace as linspace
from .ops.creation import meshgrid as meshgrid
from .ops.creation import ones as ones
from .ops.creation import ones_like as ones_like
from .ops.creation import tensor as tensor
from .ops.creation import zeros as zeros
from .ops.creation import zeros_like as zeros_like
from .ops.cumulative import cummax as cummax
from .ops.cumulative import cummin as cummin
from .ops.cumulative import cumprod as cumprod
from .ops.cumulative import cumsum as cumsum
from .ops.cumulative import cumulative_prod as cumulative_prod
from .ops.cumulative import cumulative_sum as cumulative_sum
from .ops.cumulative import cumulative_trapezoid as cumulative_trapezoid
from .ops.cumulative import diff as diff
from .ops.cumulative import logcumsumexp as logcumsumexp
from .ops.cumulative import trapezoid as trapezoid
from .ops.cumulative import trapz as trapz
from .ops.decompositions import pinv as _pinverse
from .ops.dtype_functions import astype as astype
from .ops.dtype_functions import can_cast as can_cast
from .ops.dtype_functions import isdtype as isdtype
from .ops.dtype_functions import result_type as result_type
from .ops.einsum import einsum as einsum
from .ops.exponential import exp as exp
from .ops.exponential import exp2 as exp2
from .ops.exponential import expm1 as expm1
from .ops.exponential import log as log
from .ops.exponential import log10 as log10
from .ops.exponential import log1p as log1p
from .ops.exponential import log2 as log2
from .ops.exponential import logaddexp as logaddexp
from .ops.exponential import rsqrt as rsqrt
from .ops.exponential import sqrt as sqrt
from .ops.exponential import xlogy as xlogy
from .ops.floating_point import copysign as copysign
from .ops.floating_point import heaviside as heaviside
from .ops.floating_point import isfinite as isfinite
from .ops.floating_point import isinf as isinf
from .ops.floating_point import isnan as isnan
from .ops.floating_point import isneginf as isneginf
from .ops.floating_point import isposinf as isposinf
from .ops.floating_point import isreal as isreal
from .ops.floating_point import nan_to_num as nan_to_num
from .ops.floating_point import nextafter as nextafter
from .ops.floating_point import signbit as signbit
from .ops.gathering import gather as gather
from .ops.gathering import index_add as index_add
from .ops.gathering import index_copy as index_copy
from .ops.gathering import index_fill as index_fill
from .ops.gathering import index_put as index_put
from .ops.gathering import index_select as index_select
from .ops.gathering import masked_fill as masked_fill
from .ops.gathering import masked_scatter as masked_scatter
from .ops.gathering import masked_select as masked_select
from .ops.gathering import scatter as scatter
from .ops.gathering import scatter_add as scatter_add
from .ops.gathering import scatter_reduce as scatter_reduce
from .ops.gathering import take as take
from .ops.gathering import take_along_axis as take_along_axis
from .ops.gathering import take_along_dim as take_along_dim
from .ops.joining import block_diag as block_diag
from .ops.joining import cartesian_prod as cartesian_prod
from .ops.joining import cat as cat
from .ops.joining import chunk as chunk
from .ops.joining import column_stack as column_stack
from .ops.joining import combinations as combinations
from .ops.joining import concat as concat
from .ops.joining import concatenate as concatenate
from .ops.joining import dsplit as dsplit
from .ops.joining import dstack as dstack
from .ops.joining import hsplit as hsplit
from .ops.joining import hstack as hstack
from .ops.joining import row_stack as row_stack
from .ops.joining import split as split
from .ops.joining import split_with_sizes as split_with_sizes
from .ops.joining import stack as stack
from .ops.joining import tensor_split as tensor_split
from .ops.joining import unbind as unbind
from .ops.joining import unstack as unstack
from .ops.joining import vsplit as vsplit
from .ops.joining import vstack as vstack
from .ops.linear_systems import cholesky_inverse as cholesky_inverse
from .ops.linear_systems import cholesky_solve as cholesky_solve
from .ops.linear_systems import det as det
from .ops.linear_systems import inv as _inverse
from .ops.linear_systems import logdet as logdet
from .ops.linear_systems import matrix_exp as matrix_exp
from .ops.linear_systems import matrix_power as matrix_power
from .ops.linear_systems import slogdet as slogdet
from .ops.logical import logical_and as logical_and
from .ops.logical import logical_not as logical_not
from .ops.logical import logical_or as logical_or
from .ops.logical import logical_xor as logical_xor
from .ops.manipulation import atleast_1d as atleast_1d
from .ops.manipulation import atleast_2d as atleast_2d
from .ops.manipulation import atleast_3d as atleast_3d
from .ops.manipulation import broadcast_arrays as broadcast_arrays
from .ops.manipulation import broadcast_shapes as broadcast_shapes
from .ops.manipulation import broadcast_tensors as broadcast_tensors
from .ops.manipulation import diag as diag
from .ops.manipulation import diag_embed as diag_embed
from .ops.manipulation import diagflat as diagflat
from .ops.manipulation import flatten as flatten
from .ops.manipulation import flip as flip
from .ops.manipulation import fliplr as fliplr
from .ops.manipulation import flipud as flipud
from .ops.manipulation import ravel as ravel
from .ops.manipulation import repeat as repeat
from .ops.manipulation import repeat_interleave as repeat_interleave
from .ops.manipulation import reshape as reshape
from .ops.manipulation import roll as roll
from .ops.manipulation import rot90 as rot90
from .ops.manipulation import tile as tile
from .ops.manipulation import tril as tril
from .ops.manipulation import triu as triu
from .ops.manipulation import unflatten as unflatten
from .ops.matrix import addbmm as addbmm
from .ops.matrix import addmm as addmm
from .ops.matrix import addmv as addmv
from .ops.matrix import addr as addr
from .ops.matrix import baddbmm as baddbmm
from .ops.matrix import bmm as bmm
from .ops.matrix import cdist as cdist
from .ops.matrix import chain_matmul as chain_matmul
from .ops.matrix import cross as cross
from .ops.matrix import dot as dot
from .ops.matrix import ger as ger
from .ops.matrix import inner as inner
from .ops.matrix import kron as kron
from .ops.matrix import matmul as matmul
from .ops.matrix import mm as mm
from .ops.matrix import mv as mv
from .ops.matrix import outer as outer
from .ops.matrix import tensordot as tensordot
from .ops.matrix import trace as trace
from .ops.matrix import vdot as vdot
from .ops.matrix import vecdot as vecdot
from .ops.neural.avg_pool import avg_pool1d as avg_pool1d
from .ops.neural.convolution import conv1d as conv1d
from .ops.neural.convolution import conv2d as conv2d
from .ops.neural.convolution import conv3d as conv3d
from .ops.neural.max_pool import max_pool1d as max_pool1d
from .ops.neural.max_pool import max_pool2d as max_pool2d
from .ops.neural.max_pool import max_pool3d as max_pool3d
from .ops.neural.softmax import log_softmax as log_softmax
from .ops.neural.softmax import softmax as softmax
from .ops.padding import pad as pad
from .ops.reductions import all as all
from .ops.reductions import amax as amax
from .ops.reductions import amin as amin
from .ops.reductions import aminmax as aminmax
from .ops.reductions import any as any
from .ops.reductions import logsumexp as logsumexp
from .ops.reductions import max as max
from .ops.reductions import mean as mean
from .ops.reductions import min as min
from .ops.reductions import prod as prod
from .ops.reductions import sum as sum
from .ops.rounding import ceil as ceil
from .ops.rounding import floor as floor
from .ops.rounding import frac as frac
from .ops.rounding import round as round
from .ops.rounding import trunc as _fix
from .ops.rounding import trunc as trunc
from .ops.searching import argmax as argmax
from .ops.searching import argmin as argmin
from .ops.searching import argwhere as argwhere
from .ops.searching import bucketize as bucketize
from .ops.searching import count_nonzero as count_nonzero
from .ops.searching import nonzero as nonzero
from .ops.searching import searchsorted as searchsorted
from .ops.searching import where as where
from .ops.sets import isin as isin
from .ops.sets import unique as unique
from .ops.sets import unique_all as unique_all
from .ops.sets import unique_consecutive as unique_consecutive
from .ops.sets import unique_counts as unique_counts
from .ops.sets import unique_inverse as unique_inverse
from .ops.sets import unique_values as unique_values
from .ops.sorting import argsort as argsort
from .ops.sorting import kthvalue as kthvalue
from .ops.sorting import msort as msort
from .ops.sorting import sort as sort
from .ops.sorting import topk as topk
from .ops.special_functions import digamma as digamma
from .ops.special_functions import erf as erf
from .ops.special_functions import erfc as erfc
from .ops.special_functions import erfinv as erfinv
from .ops.special_functions import lgamma as lgamma
from .ops.special_functions import polygamma as polygamma
from .ops.statistical import bincount as bincount
from .ops.statistical import histc as histc
from .ops.statistical import median as median
from .ops.statistical import mode as mode
from .ops.statistical import nanmean as nanmean
from .ops.statistical import nanmedian as nanmedian
from .ops.statistical import nanquantile as nanquantile
from .ops.statistical import nansum as nansum
from .ops.statistical import norm as norm
from .ops.statistical import quantile as quantile
from .ops.statistical import std as std
from .ops.statistical import std_mean as std_mean
from .ops.statistical import var as var
from .ops.statistical import var_mean as var_mean
from .ops.trigonometric import acos as _arccos
from .ops.trigonometric import acos as acos
from .ops.trigonometric import acosh as _arccosh
from .ops.trigonometric import acosh as acosh
from .ops.trigonometric import asin as _arcsin
from .ops.trigonometric import asin as asin
from .ops.trigonometric import asinh as _arcsinh
from .ops.trigonometric import asinh as asinh
from .ops.trigonometric import atan as _arctan
from .ops.trigonometric import atan as atan
from .ops.trigonometric import atan2 as _arctan2
from .ops.trigonometric import atan2 as atan2
from .ops.trigonometric import atanh as _arctanh
from .ops.trigonometric import atanh as atanh
from .ops.trigonometric import cos as cos
from .ops.trigonometric import cosh as cosh
from .ops.trigonometric import deg2rad as deg2rad
from .ops.trigonometric import hypot as hypot
from .ops.trigonometric import rad2deg as rad2deg
from .ops.trigonometric import sin as sin
from .ops.trigonometric import sinh as sinh
from .ops.trigonometric import tan as tan
from .ops.views import adjoint as adjoint
from .ops.views import broadcast_to as _expand
from .ops.views import broadcast_to as broadcast_to
from .ops.views import diagonal as diagonal
from .ops.views import expand_dims as expand_dims
from .ops.views import matrix_transpose as matrix_transpose
from .ops.views import moveaxis as moveaxis
from .ops.views import movedim as movedim
from .ops.views import narrow as narrow
from .ops.views import permute as permute
from .ops.views import permute_dims as permute_dims
from .ops.views import select as select
from .ops.views import squeeze as squeeze
from .ops.views import swapaxes as swapaxes
from .ops.views import swapdims as swapdims
from .ops.views import t as t
from .ops.views import transpose as transpose
from .ops.views import unsqueeze as unsqueeze
from .ops.views import view as view
from .random.discrete import bernoulli as bernoulli
from .random.discrete import multinomial as multinomial
from .random.discrete import poisson as poisson
from .random.generator import Generator as Generator
from .random.generator import default_generator as default_generator
from .random.generator import get_rng_state as get_rng_state
from .random.generator import initial_seed as initial_seed
from .random.generator import manual_seed as manual_seed
from .random.generator import seed as seed
from .random.generator import set_rng_state as set_rng_state
from .random.sampling import normal as normal
from .random.sampling import rand as rand
from .random.sampling import rand_like as rand_like
from .random.sampling import randint as randint
from .random.sampling import randint_like as randint_like
from .random.sampling import randn as randn
from .random.sampling import randn_like as randn_like
from .random.sampling import randperm as randperm
from .tensor.printing import get_printoptions as get_printoptions
from .tensor.printing import printoptions as printoptions
from .tensor.printing import set_printoptions as set_printoptions
from .tensor.size import Size as Size
from .tensor.tensor import Tensor as Tensor
from .typed import BFloat16Tensor as BFloat16Tensor
from .typed import BoolTensor as BoolTensor
from .typed import ByteTensor as ByteTensor
from .typed import CharTensor as CharTensor
from .typed import DoubleTensor as DoubleTensor
from .typed import FloatTensor as FloatTensor
from .typed import HalfTensor as HalfTensor
from .typed import IntTensor as IntTensor
from .typed import LongTensor as LongTensor
from .typed import ShortTensor as ShortTensor

absolute = _absolute
arccos = _arccos
arccosh = _arccosh
arcsin = _arcsin
arcsinh = _arcsinh
arctan = _arctan
arctan2 = _arctan2
arctanh = _arctanh
bitwise_not = _bitwise_not
bool = _bool
cdouble = _cdouble
cfloat = _cfloat
device = _device
double = _double
dtype = _dtype
e: builtins.float
eq = _eq
expand = _expand
fix = _fix
float = _float
ge = _ge
gt = _gt
half = _half
inf: builtins.float
int = _int
inverse = _inverse
le = _le
long = _long
lt = _lt
mul = _mul
nan: builtins.float
ne = _ne
neg = _neg
newaxis: None
pi: builtins.float
pinverse = _pinverse
short = _short
sub = _sub
__array_api_version__: builtins.str
__version__: builtins.str
