#!/bin/bash
# Captions the photos of a folder with an array of Slurm tasks, each its part of them:
#
#   sbatch --array=1-16 deploy/slurm/array.sh /data/archive /data/captions
#
# Each part has a file of its own, part-1.jsonl to part-16.jsonl. A task that Slurm requeues, or the whole array
# submitted again, goes on where it stopped. Number the tasks from 1 without gaps.
#SBATCH --job-name=zipcaption
#SBATCH --cpus-per-task=4
#SBATCH --mem=1G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --signal=TERM@60
#SBATCH --output=zipcaption-%A_%a.log
set -euo pipefail

photos=${1:?name the folder of the photos}
captions=${2:?name the folder for the captions}
part=${SLURM_ARRAY_TASK_ID:?submit it with sbatch --array=1-N}

mkdir -p "$captions"
# A minute before the time is up Slurm sends the signal above: what is under way is finished.
srun npx zipcaption -r "$photos" --jobs "${SLURM_CPUS_PER_TASK:-1}" --resume \
  --shard "$part/$SLURM_ARRAY_TASK_COUNT" --out "$captions/part-$part.jsonl"
