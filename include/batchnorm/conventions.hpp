#pragma once

#include <Eigen/Core>
#include <vector>

#include "detail/refusal/refusal.hpp"
#include "state.hpp"

// How systems without a reader here keep what a layer has learnt: from their arrays to a State, and
// back. One value per channel each, in float, as their files have them. Opt-in: batchnorm.hpp does
// not include this header. docs/interchange.md says what else differs.
namespace batchnorm {

/// Who wrote a file of Caffe: the two branches disagree about a factor of 0, and no file says
/// which.
enum class CaffeOf {
  bvlc,   ///< sums, and a factor that divides them; 0 means mean 0 and variance 0
  nvidia  ///< plain averages, and a factor that nobody looks at
};

/// The blobs of Caffe's BatchNorm and of the Scale behind it. Epsilon is 1e-5 unless the file says
/// otherwise.
struct CaffeBlobs {
  Eigen::VectorXf mean{};      ///< blob 0
  Eigen::VectorXf variance{};  ///< blob 1
  float factor = 1.0F;         ///< blob 2
  Eigen::VectorXf scale{};     ///< of Scale; empty where there is none
  Eigen::VectorXf bias{};      ///< of Scale; empty where there is none
};

/// Running mean and variance are the blobs over the factor (BVLC), or the blobs (NVIDIA).
inline State<float> from_caffe(const CaffeBlobs& blobs, CaffeOf origin) {
  double weight = 1.0;
  if (origin == CaffeOf::bvlc) {
    weight = blobs.factor == 0.0F ? 0.0 : 1.0 / static_cast<double>(blobs.factor);
  }
  return {.gamma = blobs.scale,
          .beta = blobs.bias,
          .running_mean = weight * blobs.mean.cast<double>(),
          .running_variance = weight * blobs.variance.cast<double>()};
}

/// With factor 1, which both branches read alike.
inline CaffeBlobs to_caffe(const State<float>& state) {
  return {.mean = state.running_mean.cast<float>(),
          .variance = state.running_variance.cast<float>(),
          .scale = state.gamma,
          .bias = state.beta};
}

/// The arrays of a [convolutional] section of Darknet, in the order of its file.
struct DarknetArrays {
  Eigen::VectorXf biases{};            ///< beta
  Eigen::VectorXf scales{};            ///< gamma
  Eigen::VectorXf rolling_mean{};      ///< running mean
  Eigen::VectorXf rolling_variance{};  ///< running variance
};

/// What Darknet adds to the deviation, outside the root, where others add epsilon to the variance
/// (`normalize_cpu`).
inline constexpr double darknet_constant = 1e-6;

/// For `{.epsilon = 0}`: the variance is (sqrt(rolling variance) + 1e-6)^2, which gives Darknet's
/// function of inference. It is no variance to go on training with.
inline State<float> from_darknet(const DarknetArrays& arrays) {
  const Eigen::ArrayXd deviation = arrays.rolling_variance.cast<double>().array().sqrt();
  return {.gamma = arrays.scales,
          .beta = arrays.biases,
          .running_mean = arrays.rolling_mean.cast<double>(),
          .running_variance = (deviation + darknet_constant).square()};
}

/// The arrays of MXNet's BatchNorm. Its defaults: epsilon 1e-3 (Gluon 1e-5), decay(0.9).
struct MxnetArrays {
  Eigen::VectorXf gamma{};        ///< not used with fix_gamma, whatever it holds
  Eigen::VectorXf beta{};         ///< shift
  Eigen::VectorXf moving_mean{};  ///< running mean
  Eigen::VectorXf moving_var{};   ///< running variance
};

/// With `fix_gamma`, the operator's default, for a layer of ShiftOnly: its gamma is left out.
inline State<float> from_mxnet(const MxnetArrays& arrays, bool fix_gamma) {
  return {.gamma = fix_gamma ? Eigen::VectorXf() : arrays.gamma,
          .beta = arrays.beta,
          .running_mean = arrays.moving_mean.cast<double>(),
          .running_variance = arrays.moving_var.cast<double>()};
}

/// For `fix_gamma=False`, or `True` where the state has no gamma; what it does not have is 1 or 0.
inline MxnetArrays to_mxnet(const State<float>& state) {
  const Eigen::Index channels = state.running_mean.size();
  const Eigen::Index variances = state.running_variance.size();
  for (const Eigen::Index size : {variances, state.gamma.size(), state.beta.size()}) {
    if (channels > 0 && variances > 0 && (size == channels || size == 0)) continue;
    detail::refuse("expected a state of one size with running statistics, got ", channels,
                   " means and a vector of ", size, ".");
  }
  return {.gamma = state.gamma.size() > 0 ? state.gamma : Eigen::VectorXf::Ones(channels),
          .beta = state.beta.size() > 0 ? state.beta : Eigen::VectorXf::Zero(channels),
          .moving_mean = state.running_mean.cast<float>(),
          .moving_var = state.running_variance.cast<float>()};
}

/// Of a layer with this epsilon: the rolling variance is (sqrt(variance + epsilon) - 1e-6)^2.
/// Throws `std::invalid_argument` where a deviation is less than 1e-6, which Darknet cannot have.
/// What the state does not have is 1 or 0.
inline DarknetArrays to_darknet(const State<float>& state, double epsilon) {
  const Eigen::ArrayXd deviation = (state.running_variance.array() + epsilon).sqrt();
  if ((deviation < darknet_constant).any()) {
    detail::refuse("to_darknet: expected deviations of at least 1e-6, which Darknet adds, got ",
                   deviation.minCoeff(), ".");
  }
  const MxnetArrays all = to_mxnet(state);
  return {.biases = all.beta,
          .scales = all.gamma,
          .rolling_mean = all.moving_mean,
          .rolling_variance = (deviation - darknet_constant).square().matrix().cast<float>()};
}

/// The tensors of dlib's bn_. Epsilon is 1e-4; the running variance has the divisor M - 1.
struct DlibTensors {
  Eigen::VectorXf parameters{};         ///< get_layer_params(): gamma, then beta
  Eigen::VectorXf running_means{};      ///< running mean
  Eigen::VectorXf running_variances{};  ///< running variance
};

/// Throws `std::invalid_argument` where the parameters are not twice as many as the means.
inline State<float> from_dlib(const DlibTensors& tensors) {
  const Eigen::Index channels = tensors.running_means.size();
  if (tensors.parameters.size() != 2 * channels) {
    detail::refuse("from_dlib: expected gamma and beta of ", channels, " channels, got ",
                   tensors.parameters.size(), " parameters.");
  }
  return {.gamma = tensors.parameters.head(channels),
          .beta = tensors.parameters.tail(channels),
          .running_mean = tensors.running_means.cast<double>(),
          .running_variance = tensors.running_variances.cast<double>()};
}

/// What the state does not have is 1 or 0.
inline DlibTensors to_dlib(const State<float>& state) {
  const MxnetArrays all = to_mxnet(state);
  DlibTensors tensors{.parameters = Eigen::VectorXf(2 * all.gamma.size()),
                      .running_means = all.moving_mean,
                      .running_variances = all.moving_var};
  tensors.parameters << all.gamma, all.beta;
  return tensors;
}

/// Of InPlace-ABN (Rota Bulo et al. 2018), which scales by |weight| + epsilon: a state with its
/// weight, to a layer with the same epsilon.
inline State<float> from_inplace_abn(State<float> state, double epsilon) {
  state.gamma = (state.gamma.cast<double>().cwiseAbs().array() + epsilon).matrix().cast<float>();
  return state;
}

/// Throws `std::invalid_argument` where a gamma is less than epsilon, which it cannot have.
inline State<float> to_inplace_abn(State<float> state, double epsilon) {
  // What |weight| + epsilon was rounded by, and no more, may be missing.
  const double roundoff = 0x1p-23 * epsilon;
  Eigen::ArrayXd weight = state.gamma.cast<double>().array() - epsilon;
  if ((weight < -roundoff).any()) {
    detail::refuse("to_inplace_abn: expected gammas of at least epsilon, ", epsilon, ", got ",
                   state.gamma.minCoeff(), ".");
  }
  weight = weight.max(0.0);
  state.gamma = weight.matrix().cast<float>();
  return state;
}

/// Of the arrays of an RTNeural layer: gamma, beta, mean, variance, or mean and variance alone.
/// Three are refused with `std::invalid_argument`: RTNeural itself reads mean and variance from the
/// front.
inline State<float> from_rtneural(const std::vector<Eigen::VectorXf>& arrays) {
  if (arrays.size() != 4 && arrays.size() != 2) {
    detail::refuse("from_rtneural: expected gamma, beta, mean and variance, or the last two, got ",
                   arrays.size(), " arrays; with three RTNeural takes the wrong ones.");
  }
  State<float> state;
  if (arrays.size() == 4) {
    state.gamma = arrays[0];
    state.beta = arrays[1];
  }
  state.running_mean = arrays[arrays.size() - 2].cast<double>();
  state.running_variance = arrays[arrays.size() - 1].cast<double>();
  return state;
}

/// Both of gamma and beta, or neither.
inline std::vector<Eigen::VectorXf> to_rtneural(const State<float>& state) {
  const MxnetArrays all = to_mxnet(state);
  if (state.gamma.size() == 0 && state.beta.size() == 0) return {all.moving_mean, all.moving_var};
  return {all.gamma, all.beta, all.moving_mean, all.moving_var};
}

/// The arguments of Arm NN's AddBatchNormalizationLayer, in its order: beta stands before gamma.
/// Epsilon is 1e-4.
struct ArmNnArguments {
  Eigen::VectorXf mean{};      ///< running mean
  Eigen::VectorXf variance{};  ///< running variance
  Eigen::VectorXf beta{};      ///< shift
  Eigen::VectorXf gamma{};     ///< scale
};

/// For a layer of inference.
inline State<float> from_arm_nn(const ArmNnArguments& arguments) {
  return {.gamma = arguments.gamma,
          .beta = arguments.beta,
          .running_mean = arguments.mean.cast<double>(),
          .running_variance = arguments.variance.cast<double>()};
}

/// What the state does not have is 1 or 0.
inline ArmNnArguments to_arm_nn(const State<float>& state) {
  const MxnetArrays all = to_mxnet(state);
  return {
      .mean = all.moving_mean, .variance = all.moving_var, .beta = all.beta, .gamma = all.gamma};
}

}  // namespace batchnorm
