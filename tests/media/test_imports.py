"""The library for buckets is imported only for a bucket: it takes memory, and starts threads."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["bot.bootstrap", "bot.cli.doctor", "bot.cli.media_copy"])
def test_without_a_bucket_its_library_is_not_imported(module: str) -> None:
    code = f"import sys, {module}; sys.exit('obstore' in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
