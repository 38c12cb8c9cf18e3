#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image: it installs the grader, and makes the user that
# submissions run as.
set -euo pipefail
umask 022

source_folder="${TINYTORCH_HF_AUTOGRADER:-/autograder}/source"
place="${TINYTORCH_HF_PLACE:-/opt/tinytorch-hf}"
user="${TINYTORCH_HF_USER:-tinytorch-student}"

if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    apt-get update
    apt-get install -y --no-install-recommends python3 python3-venv
fi
python3 -m venv "$place"
cd "$source_folder"
"$place/bin/python" -m pip install --no-cache-dir --requirement requirements.txt

if ! id -u "$user" >/dev/null 2>&1; then
    useradd --no-create-home --shell /usr/sbin/nologin "$user"
fi
chmod -R go= "$source_folder"
# What cannot run is to be noticed here, not with the first submission.
"$place/bin/python" -I -m tinytorch_hf.grading.gradescope_run --check "$source_folder/rubric.json"
