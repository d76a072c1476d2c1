"""The function that answers FAILED to a request whose own function died.

It reads the functions' dead-letter queue. It imports the standard library only. A broken dependency
that stops the other functions cannot stop this one.
"""

from __future__ import annotations

from cfn_mlflow.cloudformation.last_word import answer_dead_letters

handler = answer_dead_letters
