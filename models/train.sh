#!/bin/sh
# Makes Pathos or Pathos open anew by the five steps that README.md tells:
#
#     models/train.sh pathos CORPORA runs/pathos            from every clip, as what is shipped
#     models/train.sh pathos-open CREMA-D runs/open-0 0     without the speakers of fold 0, to judge it by
#
# Each step has a folder in the third argument; the last is `final`. A step that is finished is not run again, one that was stopped goes
# on. What follows the fold goes to every step, such as `--plain`. TRAINER names another build, such as one with libtorch; SEED=100, say,
# adds 100 to the seed of every step, for the same recipe by other seeds.
set -eu
models=$(dirname "$0")
if [ $# -lt 3 ] || [ ! -d "$models/runs/$1" ]; then
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
model=$1 data=$2 out=$3 fold=${4:-all}
shift $(($# < 4 ? $# : 4))
recipes=$models/runs/$model
trainer=${TRAINER:-cargo run --release --manifest-path $models/../Cargo.toml -p pathos-trainer --}
if [ "$fold" = all ]; then
    split=split.protocol=all
else
    split=split.fold=$fold
fi
more=$*

# The folder of a step, the recipe's folder, and the command with what it begins with.
step() {
    folder=$out/$1 recipe=$recipes/$2/config.toml
    shift 2
    # In place of one `--seed` for all, by which the two fourths of Pathos would be one.
    [ -z "${SEED-}" ] || set -- "$@" --seed $(($(sed -n '/^\[/q; s/^seed = //p' "$recipe") + SEED))
    [ ! -e "$folder/config.toml" ] || set -- "$@" --resume
    # shellcheck disable=SC2086 # The build and what follows the fold are words of their own.
    $trainer "$@" --config "$recipe" --set "$split" --data "$data" --out "$folder" $more
}

taught_by() {
    printf 'training.teachers=["%s"]' "$out/$1"
}

step first 0-first train
step second 0-second tune "$out/first" --set "$(taught_by first)"
step third 0-third tune "$out/second"
set --
for fourth in fourth-12 fourth-noisy-12 fourth fourth-noisy; do
    [ -d "$recipes/0-$fourth" ] || continue
    step "$fourth" "0-$fourth" tune "$out/third" --set "$(taught_by third)"
    # The mean begins with the first of them.
    set -- "$@" ${1:+--mean} "$out/$fourth"
done
step final 0 tune "$@" --set "$(taught_by third)"
