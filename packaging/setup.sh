# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What packaging/run and packaging/test share: Debian packages, LibTorch, Arrow, the build. Sourced, not run.
#
# Every step looks first and does nothing when there is nothing to do, so that a second call costs a fraction of a second.
# Everything fetched lies under .deps/, everything built under build/; deleting both undoes all but the Debian packages.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps=$project/.deps
pins=$project/packaging/python
libtorch=${SECATEUR_LIBTORCH:-} # the `torch` folder that is used; empty = fetch the pinned one
cuda=                           # not empty = the CUDA libraries are wanted
parquet=AUTO                    # OFF = do without Arrow
log=                            # what the last command under `quietly` said; removed at exit

say() { printf '%s\n' "$*" >&2; }

# fail SENTENCE [REMEDY]
fail() {
    say "error: $1"
    [ -z "${2:-}" ] || say "  $2"
    exit 1
}

# quietly COMMAND ARG...: runs a command that talks too much; when it fails, shows the end of what it said.
quietly() {
    [ -n "$log" ] || log=$(mktemp)
    "$@" >"$log" 2>&1 || {
        local status=$?
        tail -n 8 "$log" >&2
        return $status
    }
}

# ---- Debian packages ----------------------------------------------------------------------------------------------------------

# need_packages GROUP...: installs what is missing of these groups of packages.txt, after saying what and why.
need_packages() {
    local groups=" $* " group package reason wanted=() missing=() reasons=()
    while read -r group package reason; do
        [[ $group != \#* && $groups == *" $group "* ]] || continue
        wanted+=("$package")
        reasons+=("$reason")
    done <"$project/packaging/packages.txt"

    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        say "This is not a Debian system: nothing is installed here. Needed, by Debian's names: ${wanted[*]}"
        return
    fi
    local installed i
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null || true)
    for i in "${!wanted[@]}"; do
        grep -qxF "${wanted[$i]} installed" <<<"$installed" && continue
        [ ${#missing[@]} -gt 0 ] || say "Missing Debian packages:"
        missing+=("${wanted[$i]}")
        say "$(printf '  %-20s %s' "${wanted[$i]}" "${reasons[$i]}")"
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    local root=() command="apt-get install --no-install-recommends ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "Installing them needs root, and there is no sudo here." "As root: $command"
        root=(sudo)
        say "Installing them needs root: sudo may ask for your password."
    fi
    say "Installing them with apt-get (a minute or two) ..."
    quietly "${root[@]}" apt-get update ||
        fail "Debian's package lists could not be fetched." "Check the network and /etc/apt/sources.list, or install by hand: $command"
    quietly "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" ||
        fail "Some Debian packages could not be installed (apt-get's reason is above)." "By hand: $command"
}

# ---- LibTorch and Python packages ---------------------------------------------------------------------------------------------

# pip_run WHAT SIZE ARG...: runs pip; a failure becomes a sentence.
pip_run() {
    local what=$1 size=$2
    shift 2
    say "Downloading $what ($size) ..."
    # pip's own temporary files go where the result goes: /tmp is often small.
    quietly env TMPDIR="$deps" PIP_ROOT_USER_ACTION=ignore python3 -m pip --no-input --disable-pip-version-check "$@" || {
        if grep -q 'HASHES' "$log"; then
            fail "What was downloaded as $what is not what was pinned: it was changed or damaged on the way. Nothing of it was kept." "Try again; if it stays so, please report it."
        elif grep -qi 'No space left' "$log"; then
            fail "The disk that holds $deps is full. Nothing was left behind." "Free about 3 GB (8 GB with CUDA) and try again."
        fi
        fail "$what could not be downloaded (pip's reason is above). Nothing was left behind." "Check the network or the proxy and try again."
    }
}

# in_place FOLDER PINS...: whether FOLDER was made from just these files of pins.
in_place() {
    local folder=$1
    shift
    [ -e "$folder/.pins" ] && cat "$@" | cmp -s - "$folder/.pins"
}

# put_in_place TEMPORARY FOLDER PINS...: gives a finished folder its name; what had the name before goes.
put_in_place() {
    local temporary=$1 folder=$2
    shift 2
    rm -f "$temporary/.pins" # it may be a hard link into the old folder
    cat "$@" >"$temporary/.pins"
    [ ! -e "$folder" ] || mv "$folder" "$temporary.old"
    mv "$temporary" "$folder"
    rm -rf "$temporary.old"
}

# remove_leftovers FOLDER.PID...: of calls that were killed; those of calls that still run stay.
remove_leftovers() {
    local folder
    for folder; do
        [ -d "/proc/${folder##*.}" ] || rm -rf "$folder"
    done
}

has_nvidia_driver() {
    [ -e /proc/driver/nvidia/version ] || [ -e /dev/nvidiactl ] || command -v nvidia-smi >/dev/null
}

is_linux_x86_64() { [ "$(uname -sm)" = "Linux x86_64" ]; }

# fetch_wheels WHAT SIZE PINS FOLDER: downloads the wheels of a file of pins and unpacks them into FOLDER.
fetch_wheels() {
    local what=$1 size=$2 file=$3 folder=$4 wheel glibc
    # The platform is spelt out, so that the Python of this machine does not matter: wheels for glibc 2.17 to 2.28.
    local platforms=(--platform manylinux2014_x86_64)
    for glibc in {17..28}; do platforms+=(--platform "manylinux_2_${glibc}_x86_64"); done
    pip_run "$what" "$size" download --no-cache-dir --no-deps --only-binary=:all: --require-hashes -r "$file" -d "$folder.wheels" \
        --python-version 3.11 --implementation cp --abi cp311 --abi none "${platforms[@]}"
    say "Unpacking ..."
    for wheel in "$folder".wheels/*.whl; do
        python3 -m zipfile -e "$wheel" "$folder" ||
            fail "$(basename "$wheel") could not be unpacked." "Is the disk full? About 3 GB are needed (8 GB with CUDA)."
        rm "$wheel"
    done
}

# need_libtorch: sets `libtorch`, after fetching the pinned one unless another was named.
need_libtorch() {
    if [ -n "$libtorch" ]; then
        local named=$libtorch
        for libtorch in "$named" "$named/torch"; do
            if [ -e "$libtorch/lib/libtorch_cpu.so" ]; then
                libtorch=$(cd "$libtorch" && pwd)
                return
            fi
        done
        fail "There is no LibTorch at $named (no lib/libtorch_cpu.so)." "Name the 'torch' folder of a Python environment or an unpacked libtorch, 2.11 or newer."
    fi

    libtorch=$deps/libtorch/torch
    local cpu=("$pins/libtorch.txt") all=("$pins/libtorch.txt" "$pins/libtorch-cuda.txt")
    ! in_place "$deps/libtorch" "${all[@]}" || return 0
    if [ -z "$cuda" ] && ! has_nvidia_driver; then
        ! in_place "$deps/libtorch" "${cpu[@]}" || return 0
        all=("${cpu[@]}")
    fi

    is_linux_x86_64 ||
        fail "LibTorch is fetched for Linux on x86_64 only, and this is $(uname -sm)." "Name one for this machine, 2.11 or newer: --libtorch PATH (the 'torch' folder of a Python environment will do)."
    mkdir -p "$deps"
    remove_leftovers "$deps"/libtorch.part.*
    local part=$deps/libtorch.part.$$ fetch=("${all[@]}")
    mkdir "$part"
    if [ ${#all[@]} -gt 1 ] && in_place "$deps/libtorch" "${cpu[@]}"; then
        cp -al "$deps/libtorch" "$part/unpacked" # only the CUDA libraries are missing
        fetch=("$pins/libtorch-cuda.txt")
    else
        mkdir "$part/unpacked"
    fi
    local file
    for file in "${fetch[@]}"; do
        case $file in
            */libtorch.txt) fetch_wheels "LibTorch" "560 MB" "$file" "$part/unpacked" ;;
            *) fetch_wheels "the CUDA libraries of LibTorch" "about 2 GB" "$file" "$part/unpacked" ;;
        esac
    done
    put_in_place "$part/unpacked" "$deps/libtorch" "${all[@]}"
    rm -rf "$part"
}

# need_arrow: fetches the pinned Arrow, which reads Parquet files. On other machines than x86_64 the build does without, and says so.
need_arrow() {
    [ $parquet != OFF ] && is_linux_x86_64 || return 0
    ! in_place "$deps/arrow" "$pins/arrow.txt" || return 0
    mkdir -p "$deps"
    remove_leftovers "$deps"/arrow.part.*
    local part=$deps/arrow.part.$$
    mkdir -p "$part/unpacked" "$part/kept/pyarrow"
    fetch_wheels "Arrow, for Parquet files" "55 MB" "$pins/arrow.txt" "$part/unpacked"
    mv "$part"/unpacked/pyarrow/{include,libarrow.so.*,libparquet.so.*} "$part/kept/pyarrow"
    mv "$part"/unpacked/*.dist-info "$part/kept" # its licence
    put_in_place "$part/kept" "$deps/arrow" "$pins/arrow.txt"
    rm -rf "$part"
}

# need_minja: fetches the header that renders chat templates. It comes among the sources of a package, and on every machine.
need_minja() {
    ! in_place "$deps/minja" "$pins/minja.txt" || return 0
    mkdir -p "$deps"
    remove_leftovers "$deps"/minja.part.*
    local part=$deps/minja.part.$$
    mkdir -p "$part/kept"
    pip_run "minja, for chat templates" "50 MB" download --no-cache-dir --no-deps --no-binary llama-cpp-python --require-hashes -r "$pins/minja.txt" -d "$part/sources"
    tar -xzf "$part"/sources/llama_cpp_python-*.tar.gz -C "$part/kept" --strip-components=4 --wildcards '*/vendor/minja/minja.hpp' ||
        fail "minja could not be unpacked." "Is the disk full?"
    mv "$part"/kept/minja/minja.hpp "$part/kept"
    rmdir "$part/kept/minja"
    # It looks for each token through all that is left of a template, and then whether it stands at the front: 10 s for 20 kB. Looking at the front alone takes
    # milliseconds and finds the same.
    local slow='regex_search(it, end, match, regex) && match.position() == 0' fast='regex_search(it, end, match, regex, std::regex_constants::match_continuous)'
    grep -qF "$slow" "$part/kept/minja.hpp" || fail "minja is not the one that is expected." "Please report it."
    sed -i "s/$slow/$fast/" "$part/kept/minja.hpp"
    put_in_place "$part/kept" "$deps/minja" "$pins/minja.txt"
    rm -rf "$part"
}

# need_peers NAME...: the Python environments of the peer tests, one folder each, from the pins of the same name.
need_peers() {
    local name part
    for name; do
        ! in_place "$deps/peers/$name" "$pins/$name.txt" || continue
        mkdir -p "$deps/peers"
        part=$deps/peers/$name.part.$$
        remove_leftovers "$deps/peers/$name".part.*
        pip_run "$name for the peer tests" "80 MB" install --no-cache-dir --no-deps --only-binary=:all: --require-hashes --no-compile --target "$part" -r "$pins/$name.txt"
        put_in_place "$part" "$deps/peers/$name" "$pins/$name.txt"
    done
}

# ---- The build ----------------------------------------------------------------------------------------------------------------

# build PRESET: configures when needed and builds; says nothing when all is up to date. Needs `libtorch`.
build() {
    local folder=$project/build/$1 configured home wanted="$libtorch $parquet"
    [ -w "${HOME:-/}" ] || export CCACHE_DIR=$deps/ccache
    home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:[A-Z]*=//p' "$folder/CMakeCache.txt" 2>/dev/null || true)
    [ -z "$home" ] || [ "$home" = "$project" ] || rm -rf "$folder" # the checkout was moved: CMake would refuse it
    configured=$(sed -n 's/^SECATEUR_\(LIBTORCH\|PARQUET\):[A-Z]*=//p' "$folder/CMakeCache.txt" 2>/dev/null | paste -sd ' ' || true)
    if [ ! -e "$folder/build.ninja" ] || [ "$configured" != "$wanted" ] || [ "$project/CMakePresets.json" -nt "$folder/build.ninja" ] ||
        [ "$deps/arrow" -nt "$folder/build.ninja" ]; then
        say "Configuring build/$1 ..."
        (cd "$project" && cmake --preset "$1" -DSECATEUR_LIBTORCH="$libtorch" -DSECATEUR_PARQUET=$parquet) >&2 ||
            fail "The build could not be configured (CMake's reason is above)." \
                "$([ "$1" != release ] || echo "Where Qt is missing, packaging/run --headless builds the command line alone.")"
    fi
    ! ninja -C "$folder" -n 2>/dev/null | grep -q 'no work to do' || return 0

    # A file that includes Torch takes up to 1.5 GB to compile: fewer jobs where there is little memory.
    local jobs memory
    jobs=$(nproc)
    memory=$(awk '/^MemAvailable:/ {print int($2 / 1500000)}' /proc/meminfo)
    if [ "$memory" -lt "$jobs" ]; then jobs=$((memory > 0 ? memory : 1)); fi
    say "Building build/$1 with $jobs jobs ..."
    ninja -C "$folder" -j "$jobs" >&2 || fail "The build failed (the compiler's reason is above)."
}

# shellcheck disable=SC2034 # `taken` is read by run and test
# setup_option "$@": takes one option that run and test share; sets `taken` to the number of arguments used (0 = not ours).
setup_option() {
    taken=0
    case ${1:-} in
        --cuda) cuda=1 taken=1 ;;
        --no-parquet) parquet=OFF taken=1 ;;
        --libtorch)
            [ -n "${2:-}" ] || { say "usage error: --libtorch needs a path"; exit 2; }
            libtorch=$2 taken=2
            ;;
    esac
}

cleanup() {
    rm -rf "$deps"/libtorch.part.$$ "$deps"/arrow.part.$$ "$deps"/minja.part.$$ "$deps"/peers/*.part.$$ ${log:+"$log"}
}
trap cleanup EXIT
