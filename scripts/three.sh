#!/bin/sh
# Makes shapecraft/viewer/three.min.js again from three.js: scripts/three.sh, from the project's root. Needs npm.
# Where packages come from is the user's own npm configuration. Same versions, same file.
set -eu
three=0.187.0 esbuild=0.28.2 here=$(pwd) viewer=shapecraft/viewer
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$viewer/three.entry.js" "$work/"
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work" "three@$three" "esbuild@$esbuild"
{
    printf '/* three.js %s, bundled by esbuild %s.\n\n' "$three" "$esbuild"
    cat node_modules/three/LICENSE
    printf '*/\n'
    node_modules/.bin/esbuild three.entry.js --bundle --minify --format=iife --global-name=Three --target=es2020 \
        --charset=ascii --legal-comments=none --log-level=warning
} >"$here/$viewer/three.min.js"
cd "$here"
ls -l "$viewer/three.min.js"
