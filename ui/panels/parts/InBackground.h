// SPDX-License-Identifier: GPL-3.0-or-later
// Short work with files that must not hold up the interface: it runs on the pool of the program, which waits for it at its end.
#pragma once

#include <QFuture>
#include <QPromise>
#include <QThreadPool>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace secateur::ui {

/// The result of `work`, or what it throws. It must own all that it uses: whoever asked for it may be gone before it ends.
template <class Work>
QFuture<std::invoke_result_t<Work>> inBackground(Work work)
{
    auto promise = std::make_shared<QPromise<std::invoke_result_t<Work>>>();
    auto future = promise->future();
    promise->start();
    QThreadPool::globalInstance()->start([promise, work = std::move(work)] {
        try {
            promise->addResult(work());
        } catch (...) {
            promise->setException(std::current_exception());
        }
        promise->finish();
    });
    return future;
}

} // namespace secateur::ui
