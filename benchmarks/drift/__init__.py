"""How well findings are tracked over time, against truth from git. Start with `python -m benchmarks.drift`.

Two sets. `synthetic` edits our own example by seed and keeps the identity of every line, so that its truth is exact. `git` walks
the commits of real repositories, scans both sides of each with real tools, and takes its truth from `git diff -w -M`.

**Truth of a step of real history**, from strong to weak; `statement` is the text of a finding's lines without white space:

1. *Kept*: the finding's line is in no hunk of the diff; the same rule on the line it became is the same finding. Several on
   one line are told apart by their column; where their number differs, all their pairs are undecided.
2. *Moved*: the lines were removed in one place and added in another, with the same rule and statement, once on each side
   (with three lines around it, else alone), and the statement has at least 20 letters and digits. Shorter or repeated: undecided.
3. *Edited*: inside one hunk, findings of the same rule and the same matched call, in the order that makes their statements most
   alike. Similar by 0.6 or more: the same; from 0.3 to 0.6: undecided; less: not the same.
4. Everything else is gone or new. Left over with a statement alike by 0.6 elsewhere in the step: those pairs are undecided.

An undecided pair counts neither for nor against a tracker; a finding with undecided pairs that is matched outside of them is wrong.

Limits: git's own choice of which of two equal lines was inserted is taken for the truth; similarity is `difflib`'s; a line that
moved and was edited in one step is at best undecided. Only files that a step changes are counted: the others would flatter.
"""
