"""The demo district: real names, invented ground and figures, the same bytes for the same seed."""

from data.demo.build import DemoFile, DemoFiles, generate
from data.demo.sizes import AS_OF, Size

__all__ = ["AS_OF", "DemoFile", "DemoFiles", "Size", "generate"]
