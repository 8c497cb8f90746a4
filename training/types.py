"""What the modules of the renderer hand to one another."""

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Random = np.random.Generator
