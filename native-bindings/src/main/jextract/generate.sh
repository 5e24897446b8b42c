#!/usr/bin/env bash
# Generates the bindings from the headers in this folder with the jextract on the PATH (and Debian 12's linux-libc-dev,
# libc6-dev and libbpf-dev). Usage: generate.sh [OUTPUT-FOLDER], which is the module's source folder by default.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
output=${1:-../java}
package=io.caracal.bindings.gen
generated=$output/${package//.//}

rm -rf "$generated"
mkdir -p "$generated"

# NB: libbpf by its run-time name, so that a machine that only runs Caracal needs libbpf1 and not libbpf-dev.
jextract --output "$output" --target-package "$package" --header-class-name libc_h @libc.includes caracal_libc.h
jextract --output "$output" --target-package "$package" --header-class-name kernel_h @kernel.includes caracal_kernel.h
jextract --output "$output" --target-package "$package" --header-class-name libbpf_h --library :libbpf.so.1 \
    @libbpf.includes caracal_libbpf.h

# Getters and setters of an array's single elements go: nobody calls them, and their handles, made when the structure's
# class is first used, were twenty hidden classes at every start.
perl -0777 -pi -e 's/    private static final VarHandle \S+\$ELEM_HANDLE = .*?\n    \}\n.*?\n    \}\n//sg' "$generated"/*.java

if [ "$output" = ../java ]; then
    {
        sha256sum -- *.h *.includes generate.sh
        (cd "$output" && sha256sum -- "${package//.//}"/*.java)
    } > generated.sha256
fi
