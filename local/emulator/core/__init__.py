"""What the whole local AWS stands on: how ministack is changed, processes, sockets, the journal."""
