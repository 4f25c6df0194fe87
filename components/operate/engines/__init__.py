"""One module for each engine, which fulfils `components.operate.contract.Operator`."""
