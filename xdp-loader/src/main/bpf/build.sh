#!/usr/bin/env bash
# Compiles each *.bpf.c of a folder to an object; the Maven build calls it.
# usage: build.sh OUTPUT_FOLDER [SOURCE_FOLDER]
# Does nothing when neither a source nor the compiler has changed since the objects were made.
set -euo pipefail

headers=$(cd "$(dirname "$0")" && pwd)
sources=$(cd "${2:-$headers}" && pwd)
mkdir -p "${1:?usage: build.sh OUTPUT_FOLDER [SOURCE_FOLDER]}"
output=$(cd "$1" && pwd)

fail() {
    echo "xdp-loader: $1" >&2
    echo "xdp-loader: ./caracal setup installs what building needs (Debian: clang libbpf-dev linux-libc-dev)" >&2
    exit 1
}

# The newest clang of those present; Debian 12's unversioned one is 14, which is enough (BTF, bpf_spin_lock, -mcpu=v3).
find_clang() {
    local name
    if [ -n "${CARACAL_CLANG:-}" ]; then
        command -v "$CARACAL_CLANG" || fail "CARACAL_CLANG names $CARACAL_CLANG, which is not there"
        return
    fi
    for name in clang clang-{22,21,20,19,18,17,16,15,14}; do
        command -v "$name" && return
    done
    fail "no clang on the PATH: the eBPF programs cannot be compiled"
}

# The target bpf has no system headers of its own: <asm/types.h> is the build machine's, in its multiarch folder
# on Debian.
find_asm_headers() {
    local folder
    for folder in "/usr/include/$(uname -m)-linux-gnu" /usr/include; do
        [ -e "$folder/asm/types.h" ] && echo "$folder" && return
    done
    fail "asm/types.h is not in /usr/include: the kernel's headers are missing"
}

clang=$(find_clang)
asm_headers=$(find_asm_headers)
[ -e /usr/include/bpf/bpf_helpers.h ] || fail "bpf/bpf_helpers.h is not in /usr/include: libbpf-dev is missing"

# The compilation folder is mapped away so that the same sources give the same bytes on every machine.
flags=(-O2 -g -Wall -Wextra -Werror -target bpf -mcpu=v3 -I"$asm_headers" -I"$headers" -ffile-prefix-map="$sources"=bpf)

stamp=$(dirname "$output").bpf.sha256
fingerprint=$( (cat "$sources"/*.c "$headers"/*.h "$0"; "$clang" --version; echo "${flags[@]}") | sha256sum)
up_to_date() {
    local source
    [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$fingerprint" ] || return 1
    for source in "$sources"/*.bpf.c; do
        [ -e "$output/$(basename "${source%.c}").o" ] || return 1
    done
}
if up_to_date; then
    exit 0
fi

rm -f "$stamp"
for source in "$sources"/*.bpf.c; do
    (cd "$sources" && "$clang" "${flags[@]}" -c "$(basename "$source")" -o "$output/$(basename "${source%.c}").o")
done
echo "$fingerprint" > "$stamp"
