from __future__ import annotations

from pathlib import Path

import pytest

from scatterclean.demo.certificates import make_authority, make_certificate


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, and a certificate of it for the hosts that serve policies."""
    folder = tmp_path_factory.mktemp("policies")
    make_authority(folder)
    make_certificate(folder, "policies", names="DNS:mta-sts.winter.example,DNS:mta-sts.xn--bcher-kva.example")
    return folder
