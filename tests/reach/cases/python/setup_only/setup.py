from setuptools import setup
from Cython.Build import cythonize
setup(name="shop", ext_modules=cythonize("x.pyx"))
