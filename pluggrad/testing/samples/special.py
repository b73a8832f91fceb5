"""Special functions, each within its domain and away from its kinks."""

from ... import special  # registers them  # noqa: F401
from .spec import add, call, integer, positive, real

# -- of one argument ----------------------------------------------------------------------------------------

for _name in ("ndtr", "log_ndtr", "exp10", "exprel", "sindg", "cosdg", "cosm1", "i0", "i1", "i0e", "i1e", "j0", "j1",
              "erfcx", "sinc", "spherical_bessel_j0", "airy_ai", "airy_ai_slope"):  # fmt: skip
    add(_name, call(real(2, 3)), call(real()))
for _name in ("cbrt", "entr", "gamma", "loggamma", "k0", "k1", "k0e", "k1e", "y0", "y1", "exp1", "expi", "rgamma"):
    add(_name, call(positive(2, 3)), call(positive()))
for _name in ("gamma", "rgamma", "gammasgn"):
    add(_name, call(real(3, low=-1.8, high=-1.2)), call(real()))
add("cbrt", call(real(3, low=-2.0, high=-0.2)))
for _name in ("spherical_bessel_j0", "exprel", "sinc"):
    add(_name, call(real(4, low=-0.04, high=0.04)), call(real(4, low=-0.009, high=0.009)))
for _name in ("tandg", "cotdg"):
    add(_name, call(real(2, 3, low=20.0, high=70.0)), call(real(low=200.0, high=250.0)))
for _name in ("ndtri", "ellipkm1"):
    add(_name, call(real(2, 3, low=0.1, high=0.9)), call(real(low=0.2, high=0.8)))
add("erfcinv", call(real(2, 3, low=0.2, high=1.8)), call(real(low=0.2, high=0.8)))
for _name in ("ellipk", "ellipe"):
    add(_name, call(real(2, 3, low=-2.0, high=0.9)), call(real(3, low=-0.009, high=0.009)), call(real(high=0.5)))
add("spence", call(positive(2, 3)), call(real(3, low=0.985, high=1.015)), call(positive()))
add("zetac", call(real(2, 3, low=1.5, high=6.0)), call(real(low=2.0, high=4.0)))

# -- of two -------------------------------------------------------------------------------------------------

for _name in ("gammainc", "gammaincc", "beta", "betaln", "rel_entr", "kl_div", "poch"):
    add(_name, call(positive(2, 3), positive(3)), call(positive(2, 1), positive()))
for _name in ("gammainc", "gammaincc"):
    add(_name, call(real(3, low=40.0, high=60.0), real(3, low=45.0, high=55.0)))
for _name in ("gammaincinv", "gammainccinv"):
    add(_name, call(positive(2, 3), real(3, low=0.2, high=0.8)), call(positive(2, 1), real(low=0.2, high=0.8)))
add("xlog1py", call(real(2, 3), positive(3)), call(positive(), positive(2, 1)))
add("binom", call(real(2, 3, low=3.0, high=5.0), positive(3)), call(real(low=3.0, high=4.0), positive(2, 1)))
add("huber", call(real(2, 3, low=0.9, high=1.1), real(3, low=-0.8, high=0.8)))
add("huber", call(real(low=0.9, high=1.1), real(2, 1, low=1.3, high=2.0)))
add("pseudo_huber", call(positive(2, 3), real(3)), call(positive(), real(2, 1)))
for _name in ("boxcox", "boxcox1p"):
    add(_name, call(positive(2, 3), real(3, low=0.3, high=2.0)), call(positive(2, 1), real(low=-0.02, high=0.02)))
for _name in ("inv_boxcox", "inv_boxcox1p"):
    add(_name, call(positive(2, 3), real(3, low=0.3, high=2.0)), call(positive(2, 1), real(low=-0.005, high=0.005)))
add("hurwitz_zeta", call(real(2, 3, low=1.5, high=5.0), positive(3)), call(real(low=2.0, high=3.0), positive(2, 1)))
# Orders are whole numbers, which no gradient goes to.
for _name in ("jv", "yv", "iv", "kv"):
    add(_name, call(integer(3, low=0, high=4), positive(2, 3)), call(integer(low=1, high=3), positive(2, 1)))
add("expn", call(integer(3, low=0, high=4), positive(2, 3)), call(integer(low=1, high=3), positive(2, 1)))

# -- of three -----------------------------------------------------------------------------------------------

for _name in ("betainc", "betaincc", "betaincinv", "betainccinv"):
    _inner = real(3, low=0.2, high=0.8)
    add(_name, call(positive(2, 3), positive(2, 1), _inner), call(positive(), positive(2, 1), real(low=0.3, high=0.7)))
add("hyp1f1", call(integer(3, low=1, high=4), integer(2, 1, low=1, high=4), real(2, 3)))
add("lpmv", call(integer(3, low=0, high=3), integer(2, 1, low=2, high=5), real(2, 3, low=-0.8, high=0.8)))
