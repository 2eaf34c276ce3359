"""What the healer may do, one module for each action; `registry` names them all."""
