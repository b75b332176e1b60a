"""``python -m bioxen_jcvi_vm_lib`` is the command ``bioxen``."""

from bioxen_jcvi_vm_lib.cli import main

if __name__ == "__main__":
    main()
