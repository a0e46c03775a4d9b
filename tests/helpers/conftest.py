"""What the tests of the models share."""
import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="module")
def one_thread():
    """For torch: on networks as small as ours two threads mostly wait for one another, on a busy machine for minutes."""
    import torch  # not at the top: most models do without it

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def one_blas_thread():
    """For NumPy and SciPy, for the same reason."""
    with threadpool_limits(1):
        yield
