#!/bin/sh
# Makes the clips that the emulators hand out: small, real, and of the length that was asked for.
# Needs ffmpeg; the results are kept beside this script, so nobody else does.
set -eu
cd "$(dirname "$0")"
for shape in wide:480x270 tall:270x480 square:320x320; do
    name=${shape%%:*}
    size=${shape##*:}
    for seconds in 5 10; do
        ffmpeg -v error -y -f lavfi -i "testsrc2=size=$size:rate=24:duration=$seconds" \
            -c:v libx264 -profile:v baseline -pix_fmt yuv420p -crf 40 -preset veryslow -g 48 \
            -movflags +faststart -fflags +bitexact -map_metadata -1 "$name-$seconds.mp4"
    done
done
