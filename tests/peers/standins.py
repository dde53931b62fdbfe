#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes empty stand-ins for the CUDA libraries that a CPU machine has not got, so that Python can import `torch` there.

LibTorch itself runs without them, because nothing that we link needs libtorch_cuda.so. Python's `torch._C` does need it, and with it cuBLAS,
cuDNN, NCCL and more: 2.5 GB that the peer tests, which compute on the CPU, never call. Each stand-in has the name of the library and
the symbols that torch's libraries want from it; calling one would crash, and nothing on the CPU does.

usage: standins.py TORCH FOLDER     (TORCH: the unpacked `torch` folder; then set LD_LIBRARY_PATH=FOLDER)
needs: gcc and readelf
"""
import collections
import os
import pathlib
import re
import subprocess
import sys

IMPORTERS = ["libtorch_python.so", "libtorch.so", "libtorch_cuda.so", "libtorch_nvshmem.so", "libc10_cuda.so"]
UNVERSIONED = re.compile(r"(cudnn|nccl|ncclx?|nvrtc|cufft|cusparse|cublas|cuFile|nvshmem)\w+$")


def readelf(option, library):
    return subprocess.run(["readelf", "-W", option, library], check=True, capture_output=True, text=True).stdout


def wanted(torch):
    """Library name -> {version -> symbols}, for every library that is neither torch's, nor beside it, nor the system's."""
    folders = [torch / "lib", torch.parent / "nvidia" / "cu13" / "lib"]
    present = {f.name for folder in folders if folder.is_dir() for f in folder.iterdir()}
    missing, library_of_version, symbols = set(), {}, collections.defaultdict(set)
    for name in IMPORTERS:
        library = torch / "lib" / name
        if not library.exists():
            continue
        needed = re.findall(r"\(NEEDED\).*\[(.+)\]", readelf("-d", library))
        missing |= {n for n in needed if n not in present and re.match(r"lib(cu|nccl|nv)", n)}
        file = None
        for line in readelf("-V", library).splitlines():
            if found := re.search(r"File: (\S+)", line):
                file = found[1]
            elif found := re.search(r"Name: (\S+)", line):
                library_of_version[found[1]] = file
        for symbol in re.findall(r" UND (\S+)", readelf("--dyn-syms", library)):
            base, _, version = symbol.partition("@")
            symbols[version.strip("@")].add(base)
    result = {name: {} for name in missing}
    for version, names in symbols.items():
        if library_of_version.get(version) in missing:
            result[library_of_version[version]][version] = names
    loose = {s for s in symbols[""] if UNVERSIONED.match(s)}
    if missing and loose:  # where they come from does not matter to the loader
        plain = [name for name in sorted(missing) if not result[name]]
        result[plain[0] if plain else sorted(missing)[0]].setdefault("", set()).update(loose)
    return result


def make(folder, library, versions):
    folder.mkdir(parents=True, exist_ok=True)
    source = "".join(f"int {s};\n" for names in versions.values() for s in sorted(names))
    command = ["gcc", "-shared", "-x", "c", "-", f"-Wl,-soname,{library}", "-o", str(folder / library)]
    script = folder / (library + ".map")
    named = {v: names for v, names in versions.items() if v}
    if named:
        script.write_text("".join(f"{v} {{ global: {' '.join(n + ';' for n in sorted(names))} }};\n" for v, names in named.items()))
        command.append(f"-Wl,--version-script={script}")
    subprocess.run(command, input=source, check=True, text=True)
    script.unlink(missing_ok=True)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    torch, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    temporary = folder.with_name(f"{folder.name}.{os.getpid()}")
    temporary.mkdir(parents=True)
    for library, versions in wanted(torch).items():
        make(temporary, library, versions)
    temporary.rename(folder)


if __name__ == "__main__":
    main()
