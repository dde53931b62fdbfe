// SPDX-License-Identifier: GPL-3.0-or-later
// What LibTorch throws when memory or a device gives out in the middle of a job, as people read it. There need be no such device.
#include "engine/TorchErrors.h"

#include "foundation/Error.h"

#include <c10/util/Exception.h>

#include <QtTest>

#include <functional>
#include <new>
#include <stdexcept>

using namespace secateur;

namespace {

using Work = std::function<void()>;
const c10::SourceLocation kHere = {"kernel", "file.cpp", 7};

const char *const kAdvice =
    "\nCUDA kernel errors might be asynchronously reported at some other API call, so the stacktrace below might be incorrect.";

} // namespace

Q_DECLARE_METATYPE(Work)

class tst_TorchErrors : public QObject {
    Q_OBJECT

private slots:
    void machineThatGivesOutIsNamed_data();
    void machineThatGivesOutIsNamed();
    void otherErrorsAreNoneOfTheMachine();
    void deviceThatTheJobChoosesIsNamed();
};

void tst_TorchErrors::machineThatGivesOutIsNamed_data()
{
    QTest::addColumn<Work>("work");
    QTest::addColumn<QString>("sentence");
    QTest::addColumn<QString>("remedy");
    const QString shortOnGpu = "The memory of cuda:1 is not enough.", cpu = "or the CPU", again = "Start the program again.";
    QTest::newRow("the allocator") << Work([] { throw c10::OutOfMemoryError(kHere, "CUDA out of memory. Tried to allocate 2 GiB."); })
                                   << shortOnGpu << cpu;
    QTest::newRow("the driver, memory") << Work([] {
        throw c10::AcceleratorError(kHere, 2, std::string("CUDA error: out of memory") + kAdvice);
    }) << shortOnGpu << cpu;
    QTest::newRow("cuBLAS, memory") << Work([] {
        throw c10::Error(kHere, "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`");
    }) << shortOnGpu << cpu;
    QTest::newRow("the device") << Work([] {
        throw c10::AcceleratorError(kHere, 719, std::string("CUDA error: unspecified launch failure") + kAdvice);
    }) << "The device cuda:1 failed: unspecified launch failure."
                                << again;
    QTest::newRow("the device, in another form") << Work([] { throw c10::Error(kHere, "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED"); })
                                                 << "The device cuda:1 failed: CUBLAS_STATUS_EXECUTION_FAILED." << again;
    QTest::newRow("the driver") << Work([] { throw c10::Error(kHere, "CUDA driver error: device lost"); })
                                << "The device cuda:1 failed: device lost." << again;
    QTest::newRow("this program") << Work([] { throw std::bad_alloc(); }) << "The memory is not enough."
                                  << "Use fewer or shorter windows";
    QTest::newRow("oneDNN") << Work([] { throw std::runtime_error("could not create a primitive"); }) << "The memory is not enough."
                            << "Use fewer or shorter windows";
}

void tst_TorchErrors::machineThatGivesOutIsNamed()
{
    QFETCH(Work, work);
    QFETCH(QString, remedy);
    try {
        underTorch(c10::Device(c10::kCUDA, 1), work);
        QFAIL("nothing was thrown");
    } catch (const MachineFailure &problem) {
        QTEST(QString(problem.what()), "sentence");
        QCOMPARE(problem.device(), std::string(QString(problem.what()).contains("cuda:1") ? "cuda:1" : ""));
        QVERIFY2(problem.plainHint().find(remedy.toStdString()) != std::string::npos, problem.hint().c_str());
        QVERIFY2(problem.plainHint().find("--") == std::string::npos, problem.hint().c_str());
    }
}

void tst_TorchErrors::otherErrorsAreNoneOfTheMachine()
{
    const c10::Device device(c10::kCPU);
    try {
        underTorch(device, [] { throw c10::Error(kHere, "mat1 and mat2 shapes cannot be multiplied"); });
        QFAIL("nothing was thrown");
    } catch (const Error &problem) {
        QVERIFY(!dynamic_cast<const MachineFailure *>(&problem));
        QCOMPARE(QString(problem.what()), QString("This should not happen. LibTorch says: mat1 and mat2 shapes cannot be multiplied"));
    }
    QVERIFY_THROWS_EXCEPTION(Cancelled, underTorch(device, [] { throw Cancelled(); }));
    QVERIFY_THROWS_EXCEPTION(std::out_of_range, underTorch(device, [] { throw std::out_of_range("7"); }));
    QCOMPARE(underTorch(device, [] { return 7; }), 7);
}

/// As the engine's constructor does: the device is known only inside of the job.
void tst_TorchErrors::deviceThatTheJobChoosesIsNamed()
{
    c10::Device device = c10::kCPU;
    try {
        underTorch(device, [&] {
            device = c10::Device(c10::kCUDA, 3);
            throw c10::OutOfMemoryError(kHere, "CUDA out of memory.");
        });
        QFAIL("nothing was thrown");
    } catch (const MachineFailure &problem) {
        QCOMPARE(QString(problem.what()), QString("The memory of cuda:3 is not enough."));
    }
}

QTEST_APPLESS_MAIN(tst_TorchErrors)
#include "tst_TorchErrors.moc"
