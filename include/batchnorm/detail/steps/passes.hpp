#pragma once

#include <array>

#include "prepare.hpp"

namespace batchnorm::detail {

/// Both passes of a part in one thread.
template <typename Data, typename Scalar, typename Visit>
void share_parts(const Executor& executor, const CallParts& parts, const View<const Data>& x,
                 const TaskCost& cost, Workspace<Scalar>& work, const Visit& visit) {
  work.make_room(parts.size(), parts[0].range.of(x));
  executor(parts.size(), cost, [&](Index first, Index last) {
    for (Index k = first; k < last; ++k) visit(Executor{}, parts[k], work.parts[k]);
  });
}

/// Calls `visit(executor, part, sums)` for every part of a call of two passes. Where deviations may
/// need units, which are one thing for all channels, there is one part.
template <typename Data, typename Scalar, std::size_t N, std::size_t M, typename Visit>
void in_parts(const Executor& executor, const Options& options,
              const std::array<View<const Data>, N>& from, const std::array<View<Data>, M>& to,
              Workspace<Scalar>& work, const Visit& visit) {
  const View<const Data>& x = from[0];
  if (options.epsilon < least_usual_epsilon)
    return visit(executor, all_channels(x, N + M, options), work.sums);
  const double values = static_cast<double>(x.count()) * static_cast<double>(x.channels);
  const CallParts parts(from, to, options, executor.threads_for(values));
  if (parts.in_one_thread()) {
    const double each = values / static_cast<double>(parts.size());
    const TaskCost cost{each * N * sizeof(Data), each * M * sizeof(Data), each};
    return share_parts(executor, parts, x, cost, work, visit);
  }
  work.make_room(executor, x);
  for (Index k = 0; k < parts.size(); ++k) visit(executor, parts[k], work.sums);
}

/// Statistics of `count` values, by `take(executor, range, sums)`, and behind those of a part its
/// y.
template <typename Activation, bool HasResidual, typename Data, typename Scalar, typename Take>
void forward_in_parts(const Executor& executor, const Options& options,
                      const ForwardParameters<Scalar>& given, double count,
                      const calls::Inputs<Data, HasResidual>& from, const View<Data>& y,
                      ChannelCoefficients<Scalar>& k, Workspace<Scalar>& work, const Take& take) {
  in_parts(executor, options, from, std::array{y}, work,
           [&](const Executor& on, const CallPart& part, SumsWorkspace& sums) {
             take(on, part.range, sums);
             prepare_from_batch(options, given, count, part.range, k, work);
             run_kernel<calls::Normalize<Data, Activation, HasResidual>>(on, k, part, from, y);
           });
}

/// The sums of `Sums` that are the gradients of the parameters, and behind those of a part
/// `map(executor, part)`, which makes its dx of them.
template <typename Sums, typename Data, typename Scalar, std::size_t N, std::size_t M, typename Map>
void backward_in_parts(const Executor& executor, const Options& options,
                       const ChannelCoefficients<Scalar>& k,
                       const std::array<View<const Data>, N>& from,
                       const std::array<View<Data>, M>& to, Workspace<Scalar>& work,
                       const Map& map) {
  in_parts(executor, options, from, to, work,
           [&](const Executor& on, const CallPart& part, SumsWorkspace& sums) {
             run_kernel<Sums>(on, k, part.range, from, sums, work.gradient);
             map(on, part);
           });
}

template <typename Scalar, typename Activation, bool HasResidual>
struct Step<calls::BatchForward<Scalar, Activation, HasResidual>> {
  static void run(const Executor& executor, const Options& options,
                  const ArithmeticOf<Scalar>* gamma, const ArithmeticOf<Scalar>* beta,
                  const RunningBefore& before, const calls::Inputs<Scalar, HasResidual>& from,
                  const View<Scalar>& y, ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                  Workspace<ArithmeticOf<Scalar>>& work) {
    const ForwardParameters<ArithmeticOf<Scalar>> given{gamma, beta, before};
    forward_in_parts<Activation, HasResidual>(
        executor, options, given, count_of(from[0]), from, y, k, work,
        [&](const Executor& on, const ChannelRange& range, SumsWorkspace& sums) {
          run_kernel<calls::RangeMoments<Scalar>>(on, range, from[0], options.non_finite, sums,
                                                  work.moments());
        });
  }
};

template <typename Scalar, typename Activation, bool HasResidual>
struct Step<calls::BatchBackward<Scalar, Activation, HasResidual>> {
  static void run(const Executor& executor, const Options& options,
                  const ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                  const calls::GradientInputs<Scalar, HasResidual>& from,
                  const calls::Gradients<Scalar, HasResidual>& to,
                  Workspace<ArithmeticOf<Scalar>>& work) {
    const double count = count_of(from[0]);
    backward_in_parts<calls::ParameterGradients<Scalar, Activation, HasResidual>>(
        executor, options, k, from, to, work, [&](const Executor& on, const CallPart& part) {
          run_kernel<calls::PrepareBatchGradient<ArithmeticOf<Scalar>>>(k, count, part.range,
                                                                        work.gradient);
          run_kernel<calls::BatchGradient<Scalar, Activation, HasResidual>>(on, k, work.gradient,
                                                                            part, from, to);
        });
  }
};

template <typename Scalar, typename Activation, bool HasResidual>
struct Step<calls::ConstantBackward<Scalar, Activation, HasResidual>> {
  static void run(const Executor& executor, const Options& options,
                  const ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                  const calls::GradientInputs<Scalar, HasResidual>& from,
                  const calls::Gradients<Scalar, HasResidual>& to,
                  Workspace<ArithmeticOf<Scalar>>& work) {
    backward_in_parts<calls::ParameterGradients<Scalar, Activation, HasResidual>>(
        executor, options, k, from, to, work, [&](const Executor& on, const CallPart& part) {
          run_kernel<calls::AffineGradient<Scalar, Activation, HasResidual>>(on, k, part, from, to);
        });
  }
};

template <typename Scalar, typename Activation, bool HasResidual>
struct Step<calls::BackwardOfFew<Scalar, Activation, HasResidual>> {
  static void run(const Executor& executor, const Options& options,
                  const ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                  const calls::GradientInputs<Scalar, HasResidual>& from,
                  const calls::Gradients<Scalar, HasResidual>& to,
                  Workspace<ArithmeticOf<Scalar>>& work) {
    const CallPart all = all_channels(from[0], from.size() + to.size(), options);
    run_kernel<calls::ParameterGradients<Scalar, Activation, HasResidual>>(
        executor, k, all.range, from, work.sums, work.gradient);
    run_kernel<calls::AffineGradientOfFew<Scalar, Activation, HasResidual>>(k, all, from, to);
  }
};

}  // namespace batchnorm::detail
