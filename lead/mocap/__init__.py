"""Any file of motion capture as the 22 joints of HumanML3D."""
