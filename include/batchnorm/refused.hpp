#pragma once

namespace batchnorm {

/// What a refusal calls in a build without exceptions (`-fno-exceptions`): yours, if you define it
/// in one source file, else none. `message` is the sentence that an exception would carry; it lives
/// until the call returns, and then the program aborts. Without yours, the message is printed to
/// the standard error before that. In a build with exceptions nobody calls it.
#if defined(__GNUC__)
[[gnu::weak]]
#endif
void refused(const char* message);

}  // namespace batchnorm
