"""What a run consists of: the recipe, the workspace, stages and their execution, the engine, the books.

Not here: any particular stage (`stages/`).
"""
