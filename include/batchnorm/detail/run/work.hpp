#pragma once

#include <Eigen/Core>

namespace batchnorm::detail {

using Eigen::Index;

/// What does tasks [first, last): a reference to a function object, valid as long as that lives.
class Work {
 public:
  template <typename Function>
  static Work of(const Function& function) {
    return {&function, [](const void* object, Index first, Index last) {
              (*static_cast<const Function*>(object))(first, last);
            }};
  }

  void operator()(Index first, Index last) const { call_(object_, first, last); }

 private:
  using Call = void (*)(const void*, Index, Index);

  Work(const void* object, Call call) : object_(object), call_(call) {}

  const void* object_;
  Call call_;
};

}  // namespace batchnorm::detail
