"""One module for each kind of fault; `registry` names them all."""
