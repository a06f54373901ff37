#pragma once

namespace mlp {

/// From here on SIGINT and SIGTERM end nothing, they are only noted. A second one ends the program
/// at once.
void note_signals();

/// The signal that was noted, or 0.
int noted_signal();

}  // namespace mlp
