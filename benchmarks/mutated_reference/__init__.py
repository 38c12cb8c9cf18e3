"""How many small changes of a right framework `check` notices: every place of `tinytorch_hf.reference` is changed.

`places` finds what can be changed, and changes it; `runs` has `check` look at each changed package; `equality` measures
whether what was not noticed computes anything else; `record` keeps the results and makes the page of them.
"""
