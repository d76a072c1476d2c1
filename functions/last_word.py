"""The function that answers for the others: FAILED, for a request whose function died for good.

It reads the dead-letter queue of the functions. Standard library only, so that whatever kept a
function from starting does not keep this one.
"""

from __future__ import annotations

from cfn_mlflow.cloudformation.last_word import answer_dead_letters

handler = answer_dead_letters
